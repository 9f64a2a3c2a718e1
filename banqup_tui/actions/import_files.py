"""Imports files of this computer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from msgspec import structs

from banqup_tui.actions.context import Action, Context, ImportCounts
from banqup_tui.actions.import_selection import ImportCandidate, files_below, not_taken, to_import
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Notice, ProgressReporter, Tone
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _, ngettext

_SECONDS_BETWEEN_LOOKS = 0.3
_SECONDS_WITHOUT_ANSWER = 5.0
_AT_ONCE = 100
"""Files that are copied, and whose commands are written, in one transaction."""


class ImportFilesAction(Action):
    """The service reads client and folder of a file from the document."""

    id = "import"
    places = frozenset({Place.CLIENT_DOCUMENTS, Place.FOLDER, Place.CLIENTS})
    rank = 75
    in_footer = False

    def name(self) -> str:
        return _("Import files…")

    def help(self) -> str:
        return _("Takes files and folders of this computer; client and folder are read from the documents.")

    async def run(self, context: Context) -> None:
        paths = await context.ask.which_files(_("Import files"))
        if not paths:
            return
        candidates = await asyncio.to_thread(lambda: list(files_below(paths)))
        progress = context.ask.progress(_("Importing"), len(candidates))
        keys: list[str] = []
        refused: list[ImportCandidate] = []
        try:
            for batch in in_batches(candidates, _AT_ONCE):
                for one in await asyncio.to_thread(_spooled, context, batch):
                    refused.extend([one] if isinstance(one, ImportCandidate) else [])
                    keys.extend([one] if isinstance(one, str) else [])
                progress.advance(steps=sum(candidate.reason is not None for candidate in batch))
            await _answered(context, keys, progress)
        finally:
            progress.done()
        context.ask.notify(_summary(context.session.import_counts(keys), tuple(keys), refused))


async def _answered(context: Context, keys: Sequence[str], progress: ProgressReporter) -> None:
    """Shows how many files the service has taken; ends when all are, or when it takes none for some seconds."""
    left, last = len(keys), time.monotonic()
    while left and time.monotonic() - last < _SECONDS_WITHOUT_ANSWER:
        now = context.session.import_counts(keys).waiting
        if now < left:
            progress.advance(_("{n} left").format(n=count(now)), left - now)
            left, last = now, time.monotonic()
        if left:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)


def _spooled(context: Context, candidates: Sequence[ImportCandidate]) -> list[str | ImportCandidate]:
    """Returns the keys of the files' commands, or the candidates with the reason why they were not taken."""
    readable = [candidate for candidate in candidates if candidate.reason is None]
    refused: list[str | ImportCandidate] = [candidate for candidate in candidates if candidate.reason is not None]
    try:
        taken = context.session.import_files([to_import(candidate) for candidate in readable])
    except BanqupError as error:
        return [*refused, *(structs.replace(candidate, reason=error.message) for candidate in readable)]
    return [
        *refused,
        *(not_taken(of, one) if isinstance(one, OSError) else one for of, one in zip(readable, taken, strict=True)),
    ]


def _summary(counts: ImportCounts, keys: tuple[str, ...], refused: list[ImportCandidate]) -> Notice:
    parts = [ngettext("{count} file taken", "{count} files taken", counts.taken).format(count=count(counts.taken))]
    for number, words in (
        (
            counts.undecided,
            ngettext("{n} of them held as a duplicate", "{n} of them held as duplicates", counts.undecided),
        ),
        (counts.known, ngettext("{n} known already", "{n} known already", counts.known)),
        (counts.unfiled, ngettext("{n} waiting under To place", "{n} waiting under To place", counts.unfiled)),
        (counts.pictures, ngettext("{n} picture", "{n} pictures", counts.pictures)),
        (counts.refused, ngettext("{n} refused", "{n} refused", counts.refused)),
        (counts.waiting, ngettext("{n} not sent yet", "{n} not sent yet", counts.waiting)),
    ):
        parts += [words.format(n=count(number))] if number else []
    text = f"{', '.join(parts)}."
    tone = Tone.WARNING if refused or counts.refused else Tone.PLAIN
    if refused:
        first = refused[0]
        why = _("Not taken: {count}. {name}: {reason}").format(
            count=count(len(refused)), name=clean(first.path.name), reason=sentence_of(first.reason)
        )
        text = f"{text} {why}"
    return Notice(text=text, tone=tone, undo_keys=keys)
