"""The sentences for a refused or expired command: why it was not done, and what to do, in the current language."""

from __future__ import annotations

from banqup_tui.domain.changes import Hindrance, RefusedChange
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import _


def why_not(one: RefusedChange) -> str:
    if one.reason is not None:
        return sentence_of(one.reason)
    return _("It may have been done.") if one.expired else _("The server refused it.")


def what_to_do(one: RefusedChange) -> str:
    if one.hindrance is not None:
        return hindrance_words(one.hindrance)
    remedy = remedy_of(one.reason)
    if remedy:
        return remedy
    if one.expired:
        return _("Look whether it was done; if not, try it again.")
    return _("Try it again, or clear it.")


def hindrance_words(hindrance: Hindrance) -> str:
    """Returns why a command cannot be repeated, and what to do instead."""
    return {
        Hindrance.SETTINGS_FORGOTTEN: _("Its settings are not kept here: give them again where they belong."),
        Hindrance.CONTENT_LOST: _("What it held was lost: do it again."),
        Hindrance.FILE_GONE: _("Its file is not kept here any more: import it again."),
    }[hindrance]
