"""Imports files of this computer."""

from __future__ import annotations

import asyncio

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.import_selection import ImportCandidate, files_below, not_a_file
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Notice, Tone
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean
from banqup_tui.folder_walk import NotARegularFile
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _, ngettext


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
            for candidate in candidates:
                taken = candidate if candidate.reason else await asyncio.to_thread(_spooled, context, candidate)
                refused.extend([taken] if isinstance(taken, ImportCandidate) else [])
                keys.extend([taken] if isinstance(taken, str) else [])
                progress.advance(clean(candidate.path.name))
        finally:
            progress.done()
        context.ask.notify(_summary(tuple(keys), refused))


def _spooled(context: Context, candidate: ImportCandidate) -> str | ImportCandidate:
    """Returns the key of the file's command, or the candidate with the reason why it was not taken."""
    name = clean(candidate.path.name)
    try:
        label = _("Import {name}").format(name=name)
        return context.session.import_file(
            candidate.path, below=candidate.below, hint=candidate.hint, beside=candidate.beside, label=label
        )
    except NotARegularFile:
        return not_a_file(candidate)
    except OSError as error:
        return ImportCandidate(
            path=candidate.path, reason=message("import.cannot-be-read", quote=error.strerror or str(error))
        )
    except BanqupError as error:
        return ImportCandidate(path=candidate.path, reason=error.message)


def _summary(keys: tuple[str, ...], refused: list[ImportCandidate]) -> Notice:
    words = ngettext("{count} file taken.", "{count} files taken.", len(keys)).format(count=count(len(keys)))
    if not refused:
        return Notice(text=words, undo_keys=keys)
    first = refused[0]
    why = _("Not taken: {count}. {name}: {reason}").format(
        count=count(len(refused)), name=clean(first.path.name), reason=sentence_of(first.reason)
    )
    return Notice(text=f"{words} {why}", tone=Tone.WARNING, undo_keys=keys)
