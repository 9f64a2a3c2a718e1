"""Actions on files whose client or folder is unknown: show them, look at one, place it, dismiss it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Destination, Place
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, ConfirmQuestion
from banqup_tui.actions.submission import submit
from banqup_tui.actions.temporary_copies import open_copy
from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.identifiers import party_keys, pretty_key
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import Learned, RuleKind, Unfiled, what_is_learned
from banqup_tui.domain.text import clean, safe_file_name
from banqup_tui.presentation.folders import folder_name
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext, pgettext
from banqup_tui.protocol.commands import DismissUnfiled, PlaceFile

_HERE = frozenset({Place.UNFILED})
_ONCE, _ALWAYS = "once", "always"


class OpenUnfiledAction(Action):
    id = "to-place"
    keys = ("w",)
    places = frozenset({Place.CLIENT_DOCUMENTS})
    rank = 40

    def name(self) -> str:
        return _("To place")

    def help(self) -> str:
        return _("Shows the files that came in and of which nobody could tell whose they are, each with its reason.")

    def short(self, context: Context) -> str:
        return _("To place ({count})").format(count=count(context.waiting_unfiled))

    def availability(self, context: Context) -> Message | None:
        return None if context.waiting_unfiled else Message("action.nothing-to-place")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=Place.UNFILED))


class PlaceFileAction(Action):
    id = "place"
    keys = ("enter",)
    places = _HERE
    menu = 0
    rank = 1

    def name(self) -> str:
        return _("Place…")

    def help(self) -> str:
        return _("Asks whose the file is and which folder it goes into; what is like it can go there by itself then.")

    def availability(self, context: Context) -> Message | None:
        if not context.unfiled:
            return Message("action.nothing-to-place")
        return None if context.clients else Message("action.no-clients")

    def note(self, context: Context) -> str | None:
        return files_of(context.unfiled) if len(context.unfiled) > 1 else None

    async def run(self, context: Context) -> None:
        files = context.unfiled
        client = await _ask_client(context, files)
        folder = await _ask_folder(context, files) if client is not None else None
        if client is None or folder is None:
            return
        answer = await _ask_whether_to_remember(context, files, client, folder)
        if answer is None:
            return
        commands = [
            PlaceFile(unfiled_id=file.id, client_id=client.id, folder=folder, remember=answer == _ALWAYS)
            for file in files
        ]
        words = ngettext("{file} is with {client}, {folder}.", "{file} are with {client}, {folder}.", len(files))
        text = words.format(file=files_of(files), client=clean(client.name), folder=folder_name(folder))
        submit(context, commands, text)


class DismissUnfiledAction(Action):
    id = "dismiss-to-place"
    keys = ("x",)
    places = _HERE
    menu = 2
    rank = 15

    def name(self) -> str:
        return _("Dismiss…")

    def help(self) -> str:
        return _("Lets the file be: it becomes no document, and is shown no more.")

    def availability(self, context: Context) -> Message | None:
        return None if context.unfiled else Message("action.nothing-to-place")

    def note(self, context: Context) -> str | None:
        return files_of(context.unfiled) if len(context.unfiled) > 1 else None

    async def run(self, context: Context) -> None:
        files = context.unfiled
        if not files:
            return
        number = len(files)
        lines = [
            ngettext(
                "It becomes no document, and is shown no more.",
                "They become no documents, and are shown no more.",
                number,
            )
        ]
        button = pgettext("a file", "Dismiss it")
        if number > 1:
            button = ngettext("Dismiss {count} file", "Dismiss {count} files", number).format(count=count(number))
        if await context.ask.confirm(ConfirmQuestion(title=files_of(files), lines=lines, button=button)):
            words = ngettext("{file} dismissed.", "{file} dismissed.", number)
            command = DismissUnfiled(unfiled_ids=tuple(file.id for file in files))
            submit(context, [command], words.format(file=files_of(files)))


class OpenUnfiledFileAction(Action):
    id = "open-to-place"
    keys = ("o",)
    places = _HERE
    menu = 1
    rank = 12

    def name(self) -> str:
        return pgettext("help", "Look at the file")

    def help(self) -> str:
        return _("Opens a copy of the file in the program that this computer has for it.")

    def short(self, context: Context) -> str:
        return _("Look")

    def availability(self, context: Context) -> Message | None:
        if len(context.unfiled) != 1:
            return Message("action.several-files") if context.unfiled else Message("action.nothing-to-place")
        if context.unfiled[0].sha256 is None:
            return Message("action.nothing-to-place")
        return Message("action.over-ssh") if context.over_ssh else None

    async def run(self, context: Context) -> None:
        file = context.unfiled[0]
        if file.sha256 is None:
            return
        await open_copy(context, file.sha256, safe_file_name(name_of(file)))


def name_of(file: Unfiled) -> str:
    return clean(file.file_name.rpartition("/")[2])


def files_of(files: Sequence[Unfiled]) -> str:
    """Returns the name of the file, or the number of files."""
    if len(files) == 1:
        return name_of(files[0])
    return ngettext("{count} file", "{count} files", len(files)).format(count=count(len(files)))


async def _ask_client(context: Context, files: Sequence[Unfiled]) -> Client | None:
    """Asks for the client. The client that all files point to stands first, so that Enter takes it."""
    seem = {file.client_id for file in files}
    likely = seem.pop() if len(seem) == 1 else None
    clients = sorted(context.clients, key=lambda client: client.id != likely)
    choices = [
        Choice(id=client.id, label=clean(client.name), note=_("likely") if client.id == likely else "")
        for client in clients
    ]
    words = ngettext("Whose is {file}?", "Whose are {file}?", len(files))
    title = words.format(file=files_of(files))
    answer = await context.ask.choose(ChoiceQuestion(title=title, choices=choices, search=True))
    return next((client for client in clients if client.id == answer), None)


async def _ask_folder(context: Context, files: Sequence[Unfiled]) -> Folder | None:
    seem = {file.folder for file in files}
    likely = seem.pop() if len(seem) == 1 else None
    folders = sorted(ALL_FOLDERS, key=lambda folder: folder is not likely)
    choices = [Choice(id=str(folder), label=folder_name(folder)) for folder in folders]
    answer = await context.ask.choose(ChoiceQuestion(title=_("Which folder?"), choices=choices))
    return Folder(answer) if answer is not None else None


async def _ask_whether_to_remember(
    context: Context, files: Sequence[Unfiled], client: Client, folder: Folder
) -> str | None:
    """Asks whether a rule shall be learned. Several files teach none: what they have in common is not known."""
    learned = what_is_learned(files[0], folder) if len(files) == 1 else None
    if learned is None or _is_of_another(learned, client, context.clients):
        return _ONCE
    return await _ask_how_long(context, files[0], client, learned)


async def _ask_how_long(context: Context, file: Unfiled, client: Client, learned: Learned) -> str | None:
    if learned.kind is RuleKind.IDENTIFIER:
        words = _("Always: {number} is {client}")
        label = words.format(number=pretty_key(learned.match), client=clean(client.name))
        note = _("What bears this number and nobody else is known by goes to this client.")
    else:
        label = _("Always: what comes in {directory}").format(directory=f"{clean(learned.match)}/")
        note = _("What says nothing by itself and comes there goes to this client and folder.")
    choices = [
        Choice(id=_ONCE, label=_("This one only")),
        Choice(id=_ALWAYS, label=label, note=note),
    ]
    return await context.ask.choose(ChoiceQuestion(title=_("And the next ones?"), choices=choices))


def _is_of_another(learned: Learned, client: Client, clients: Iterable[Client]) -> bool:
    """Returns whether the identifier belongs to another client, so that the rule would never apply."""
    if learned.kind is RuleKind.PATH:
        return False
    owners = {client.id for client in clients if learned.match in set(_keys(client))}
    return bool(owners) and client.id not in owners


def _keys(client: Client) -> Iterator[str]:
    yield from party_keys([("VAT", client.vat_number or ""), ("0208", client.enterprise_number or "")])
    yield from client.identifiers
