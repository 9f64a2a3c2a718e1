"""`banqup import`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from banqup_tui.actions.import_selection import ImportCandidate, files_below, not_taken, to_import
from banqup_tui.cli import exit_codes
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.json_output import client_of
from banqup_tui.cli.output import print_array, say
from banqup_tui.cli.progress import ProgressBar
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, Fate, Tools, client_named
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.file_names import shown
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.duplicates import same_as
from banqup_tui.presentation.folders import folder_name
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import json_of
from banqup_tui.presentation.words import N_, _, inside_sentence, ngettext
from banqup_tui.protocol.imports import ImportedDocument, Outcome, import_result_of

AT_ONCE = 100
SECONDS = 300.0
SECONDS_BETWEEN_BARS = 0.2


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A file with the key of its command, or with the reason why it was not taken."""

    path: Path
    key: str | None = None
    reason: Message | None = None
    passed_over: bool = False


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--client", "reference", help=N_("Whose they are, where the documents do not say it."))
@click.option("--create-clients", is_flag=True, help=N_("Make clients that are not there yet, from the documents."))
@as_json
@pass_tools
def command(tools: Tools, paths: tuple[Path, ...], reference: str | None, create_clients: bool, json: bool) -> int:
    """Take files and folders: client and folder are found from what is on the document.

    What cannot be taken is said with its reason, and the others go on. The same file twice is one document.
    """

    async def work(runtime: CliRuntime) -> int:
        client = client_named(runtime, reference) if reference else None
        values: list[dict[str, object]] = []
        candidates = list(files_below(paths))
        with ProgressBar(len(candidates)) as progress:
            for at, page in enumerate(in_batches(candidates, AT_ONCE)):
                submitted = _submit(runtime, page, client, create_clients)
                values.extend(await _answered(runtime, submitted, progress, at * AT_ONCE))
        if json:
            print_array(values)
        return _summary(values)

    return in_runtime(tools, work)


def _submit(
    runtime: CliRuntime, candidates: Sequence[ImportCandidate], client: Client | None, create_clients: bool
) -> list[Submitted]:
    """Copies the files to the spool, and gives their commands."""
    readable = [candidate for candidate in candidates if candidate.reason is None]
    try:
        taken = runtime.session.import_files(
            [to_import(candidate) for candidate in readable],
            client_id=client.id if client else None,
            create_clients=create_clients,
        )
    except BanqupError as error:  # a fault of this computer, such as a full disk
        return [_not_submitted(structs.replace(one, reason=one.reason or error.message)) for one in candidates]
    keys = dict(zip((candidate.path for candidate in readable), taken, strict=True))
    return [_submitted(candidate, keys.get(candidate.path)) for candidate in candidates]


def _submitted(candidate: ImportCandidate, key: str | OSError | None) -> Submitted:
    if isinstance(key, OSError):
        return _not_submitted(not_taken(candidate, key))
    return Submitted(path=candidate.path, key=key) if key else _not_submitted(candidate)


def _not_submitted(candidate: ImportCandidate) -> Submitted:
    return Submitted(path=candidate.path, reason=candidate.reason, passed_over=candidate.passed_over)


async def _answered(
    runtime: CliRuntime, submitted: Sequence[Submitted], progress: ProgressBar, done: int
) -> list[dict[str, object]]:
    """Waits for the answers, and says what became of each file. `done`: the number of files before these."""
    keys = [file.key for file in submitted if file.key is not None]
    waiting = asyncio.ensure_future(runtime.answers(keys, SECONDS))
    while not (await asyncio.wait({waiting}, timeout=SECONDS_BETWEEN_BARS))[0]:
        progress.show(done + len(keys) - min(runtime.waiting(), len(keys)))
    answers = {answer.key: answer for answer in waiting.result()}
    clients = {row.client.id: row.client for row in runtime.clients()}
    earlier = _earlier(runtime, answers.values())
    values: list[dict[str, object]] = []
    for sent in submitted:
        of_file = _values(sent, answers.get(sent.key or ""), clients)
        for value in of_file:
            progress.say(_line(value, earlier.get(value["sameAs"])))
        values.extend(of_file)
    progress.show(done + len(submitted))
    runtime.mark_reported([key for key, answer in answers.items() if answer.fate in (Fate.REFUSED, Fate.EXPIRED)])
    return values


def _earlier(runtime: CliRuntime, answers: Iterable[CommandAnswer]) -> dict[object, Document]:
    """Returns the documents that imported ones are the same as, by id."""
    results = [import_result_of(answer.result) for answer in answers if answer.fate is Fate.DONE]
    ids = {one.same_as for result in results for one in result.documents if one.same_as}
    return {document.id: document for document in runtime.documents(ids=sorted(ids))}


def _values(submitted: Submitted, answer: CommandAnswer | None, clients: dict[str, Client]) -> list[dict[str, object]]:
    """Returns a value for each document, and for each file that waits: a container holds several."""
    if answer is None:
        outcome = "PASSED_OVER" if submitted.passed_over else "REFUSED"
        return [_value(submitted, outcome, reason=submitted.reason)]
    if answer.fate is Fate.WAITING:
        return [_value(submitted, "WAITING")]
    if answer.fate is not Fate.DONE:
        return [_value(submitted, "REFUSED", reason=answer.reason or Message("import.not-taken"))]
    result = import_result_of(answer.result)
    taken = [_taken(submitted, one, clients.get(one.client_id)) for one in result.documents]
    waiting = [_value(submitted, "TO_PLACE", part=one.file_name, reason=one.reason) for one in result.waiting]
    in_container = bool(taken or waiting)
    pictures = [_value(submitted, "PICTURE", part=name if in_container else None) for name in result.pictures]
    joined = [
        _value(submitted, "PICTURE", part=one.file_name, document=one.document_id, client=clients.get(one.client_id))
        | {"pictureOf": one.number}
        for one in result.joined
    ]
    return [*taken, *waiting, *pictures, *joined] or [_value(submitted, "TAKEN")]


def _taken(submitted: Submitted, stored: ImportedDocument, client: Client | None) -> dict[str, object]:
    outcome = "KNOWN" if stored.outcome is Outcome.KNOWN else "TAKEN"
    value = _value(
        submitted, outcome, part=stored.file_name, document=stored.document_id, client=client, folder=stored.folder
    )
    return value | {
        "sameAs": stored.same_as,
        "duplicate": stored.duplicate,
        "picture": stored.picture,
        "withdrawn": stored.withdrawn,
    }


def _value(
    submitted: Submitted,
    outcome: str,
    *,
    part: str | None = None,
    document: str | None = None,
    client: Client | None = None,
    folder: str | None = None,
    reason: Message | None = None,
) -> dict[str, object]:
    return {
        "path": shown(str(submitted.path)),
        "part": part or None,
        "outcome": outcome,
        "documentId": document,
        "client": client_of(client),
        "folder": folder,
        "reason": json_of(reason),
        "sameAs": None,
        "duplicate": None,
        "picture": None,
        "pictureOf": None,
        "withdrawn": None,
    }


def _line(value: dict[str, Any], earlier: Document | None = None) -> str:
    outcome = value["outcome"]
    path = f"{value['path']} › {clean(value['part'])}" if value["part"] else value["path"]
    reason = value["reason"] or {"message": "", "remedy": ""}
    why = f"{reason['message']} {reason['remedy']}".rstrip()
    if outcome == "REFUSED":
        return f"{path}: {_('refused. {why}').format(why=why)}"
    if outcome == "TO_PLACE":
        return f"{path}: {_('waits under To place. {why}').format(why=why)}"
    if value["pictureOf"]:
        joined = _("kept as the picture of {number}").format(number=clean(value["pictureOf"]))
        return f"{path}: {joined} ({value['client']['name']})"
    if outcome == "PICTURE":
        return f"{path}: {_('kept as the picture of the e-invoice.')}"
    if outcome == "PASSED_OVER":
        return f"{path}: {_('passed over. {why}').format(why=reason['message'])}"
    if outcome == "WAITING":
        return f"{path}: {_('kept here; it goes when the backend is back.')}"
    word = _("known already") if outcome == "KNOWN" else _("taken")
    if value["withdrawn"]:
        word = _("known already, and withdrawn")
    elif outcome == "TAKEN" and value["duplicate"] == Duplicate.UNDECIDED:
        word = _("taken, held: {same_as}").format(same_as=same_as(earlier))
    elif outcome == "TAKEN" and value["picture"]:
        word = _("taken, with {picture} as its picture").format(picture=clean(value["picture"]))
    folder = inside_sentence(folder_name(Folder(value["folder"]))) if value["folder"] else ""
    where = ", ".join(part for part in (value["client"]["name"], folder) if part)
    return f"{path}: {word} ({where})" if where else f"{path}: {word}"


def _summary(values: Sequence[dict[str, Any]]) -> int:
    numbers = dict.fromkeys(("TAKEN", "KNOWN", "TO_PLACE", "REFUSED", "WAITING", "PASSED_OVER", "PICTURE"), 0)
    for value in values:
        numbers[value["outcome"]] += 1
    undecided = sum(value["outcome"] == "TAKEN" and value["duplicate"] == Duplicate.UNDECIDED for value in values)
    words = {
        "TAKEN": ngettext("{n} taken", "{n} taken", numbers["TAKEN"]),
        "KNOWN": ngettext("{n} known already", "{n} known already", numbers["KNOWN"]),
        "REFUSED": ngettext("{n} refused", "{n} refused", numbers["REFUSED"]),
        "TO_PLACE": ngettext("{n} to place", "{n} to place", numbers["TO_PLACE"]),
        "PICTURE": ngettext("{n} picture", "{n} pictures", numbers["PICTURE"]),
        "PASSED_OVER": ngettext("{n} passed over", "{n} passed over", numbers["PASSED_OVER"]),
        "WAITING": ngettext("{n} kept here", "{n} kept here", numbers["WAITING"]),
    }
    always = ("TAKEN", "KNOWN", "REFUSED")
    parts = [text.format(n=count(numbers[key])) for key, text in words.items() if numbers[key] or key in always]
    say(", ".join(parts) + ".")
    if undecided:
        sentence = ngettext(
            "{n} of them is held: banqup duplicates list shows it.",
            "{n} of them are held: banqup duplicates list shows them.",
            undecided,
        )
        say(sentence.format(n=count(undecided)))
    if numbers["TO_PLACE"]:
        say(_("banqup to-place list shows what waits to be placed."))
    if numbers["REFUSED"] or numbers["TO_PLACE"]:
        return exit_codes.FAILED
    return exit_codes.STILL_UNDER_WAY if numbers["WAITING"] else exit_codes.OK
