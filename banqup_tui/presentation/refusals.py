"""The sentences for a refused or expired command: why it was not done, and what to do, in the current language."""

from __future__ import annotations

from banqup_tui.domain.changes import Hindrance, RefusedChange
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import _


def why_not(one: RefusedChange) -> str:
    if one.reason is not None:
        return sentence_of(one.reason)
    return _("It may have been done.") if one.expired else _("The server refused it.")


def what_to_do(one: RefusedChange) -> str:
    if one.hindrance is not None:
        return sentence_of(hindrance_message(one.hindrance))
    remedy = remedy_of(one.reason)
    if remedy:
        return remedy
    if one.expired:
        return _("Look whether it was done; if not, try it again.")
    return _("Try it again, or clear it.")


def hindrance_message(hindrance: Hindrance) -> Message:
    """Returns why a command cannot be repeated, and what to do instead."""
    return {
        Hindrance.SETTINGS_FORGOTTEN: Message("change.settings-forgotten"),
        Hindrance.CONTENT_LOST: Message("change.content-lost"),
        Hindrance.FILE_GONE: Message("change.file-gone"),
    }[hindrance]
