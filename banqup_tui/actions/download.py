"""Saves the files of documents to a directory."""

from __future__ import annotations

import asyncio

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.file_export import files_of, name_for, save_copy
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import Notice
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext


class DownloadAction(Action):
    id = "download"
    keys = ("d",)
    places = OF_DOCUMENTS
    menu = 1
    rank = 40

    def name(self) -> str:
        return _("Download…")

    def help(self) -> str:
        return _("Saves the files of documents, with their PDFs, to a directory; no file there is written over.")

    def availability(self, context: Context) -> Message | None:
        return None if context.documents else Message("action.no-document")

    async def run(self, context: Context) -> None:
        directory = await context.ask.where_to(_("Download to"), context.download_to)
        if directory is None:
            return
        progress = context.ask.progress(_("Downloading"), len(context.documents))
        try:
            saved = []
            for document in context.documents:
                for sha256, name in files_of(document):
                    source = await context.session.download(sha256)
                    saved.append(await asyncio.to_thread(save_copy, source, directory.expanduser(), name))
                progress.advance(name_for(document))
        finally:
            progress.done()
        if len(saved) == 1:
            context.ask.notify(Notice(text=_("Saved as {path}").format(path=saved[0])))
            return
        words = ngettext("{count} file saved in {path}", "{count} files saved in {path}", len(saved))
        context.ask.notify(Notice(text=words.format(count=count(len(saved)), path=directory)))
