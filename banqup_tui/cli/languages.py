"""The command line in the user's language: help texts, and click's own texts."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import cleandoc
from weakref import WeakKeyDictionary

import click

from banqup_tui.presentation.formats import current_locale, use_locale
from banqup_tui.presentation.words import CATALOGUES, DOMAIN, _, current_language, use_language

_ENGLISH: WeakKeyDictionary[click.Command | click.Option, str] = WeakKeyDictionary()
"""Help texts as they are written. They are translated when shown, because modules are imported before."""


@contextmanager
def using_language(language: str, locale: str) -> Iterator[None]:
    """Sets the language of the program's texts and of click's, and the locale of figures and dates, until it ends.

    click uses `gettext.gettext`, which depends on the process's text domain and on LANGUAGE; it has no way to pass
    either.
    """
    before = (gettext.textdomain(), os.environ.get("LANGUAGE"), current_language(), current_locale())
    gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language
    use_language(language)
    use_locale(locale)
    try:
        yield
    finally:
        gettext.textdomain(before[0])
        os.environ.pop("LANGUAGE")
        if before[1] is not None:
            os.environ["LANGUAGE"] = before[1]
        use_language(before[2])
        use_locale(before[3])


def translate_command(command: click.Command, context: click.Context) -> click.Command:
    """Returns the command with its help, and that of its subcommands, in the current language."""
    command.help = _text_of(command)
    command.options_metavar = _("[OPTIONS]") if command.options_metavar else None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _text_of(parameter)
    help_option = command.get_help_option(context)
    if help_option is not None:
        help_option.help = _("Show this message and exit.")
    if isinstance(command, click.Group):
        command.subcommand_metavar = _("COMMAND [ARGS]...")
        for subcommand in command.commands.values():
            translate_command(subcommand, click.Context(subcommand, parent=context, info_name=subcommand.name))
    return command


def _text_of(owner: click.Command | click.Option) -> str | None:
    if owner not in _ENGLISH:
        if not owner.help:
            return owner.help
        _ENGLISH[owner] = cleandoc(owner.help)
    return _(_ENGLISH[owner])
