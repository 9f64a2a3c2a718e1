"""What the program says to its user, as a code and its parameters: the sentence is made where it is shown.

A message travels so from a connector or a reader through the ledger, both databases and the wire, and means the same
in every language. `presentation.messages` makes its sentence and its remedy; docs/messages.md lists the codes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from banqup_tui.domain.text import clean

Param = str | int

TEXT = "text"
"""Code of a sentence that came as text: written by an earlier version, or by a package of others. Parameters: `text`
and `remedy`, and their translations, `text.fr` and so on. It is shown as it is."""

OF_CLIENT = "ofClient"
"""A parameter that any message may have: the name of the client that it is about."""

OF_SETTING = "setting"
"""A parameter that a message of a setting has: the setting's title in English, `setting.fr` in French. It stands before
the sentence, or in it."""

_LONGEST = 500
"""Characters of a parameter: a message is one line, and a stranger's text may have megabytes."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is stable and says what happened, `params` are put into its sentence.

    `quote` is what the receiver or a library said itself, word for word: it is shown in quotation marks and never
    translated.
    """

    code: str
    params: dict[str, Param] = {}
    quote: str = ""


def message(code: str, /, quote: str = "", **params: object) -> Message:
    """A message whose texts are cleaned for one line of a terminal; numbers stay numbers."""
    return Message(code, _cleaned(params), clean(quote)[:_LONGEST])


def _cleaned(params: Mapping[str, object]) -> dict[str, Param]:
    return {name: value if type(value) is int else clean(str(value))[:_LONGEST] for name, value in params.items()}


def with_params(one: Message, **params: object) -> Message:
    """The same message with more parameters."""
    return msgspec.structs.replace(one, params={**one.params, **_cleaned(params)})


def of_setting(one: Message, titles: Mapping[str, str]) -> Message:
    """The same message with the title of its setting in each language, by the language's code."""
    named = {OF_SETTING: titles["en"], **in_other_languages(OF_SETTING, titles)}
    return msgspec.structs.replace(one, params={**one.params, **_cleaned(named)})


def in_other_languages(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """A parameter's value in each language but English: `setting.fr`."""
    return {f"{name}.{language}": text for language, text in texts.items() if language != "en"}


def message_in(line: str) -> Message | None:
    """The message that a line of a log is, as JSON; `None` where it is none."""
    try:
        return msgspec.json.decode(line, type=Message)
    except msgspec.DecodeError:
        return None


def text_message(text: str | Mapping[str, str], remedy: str | Mapping[str, str] = "") -> Message:
    """A sentence that is no message of the program, kept as it is.

    Args:
        text: What happened. A package of others may give it in several languages, by their codes, always with `en`.
        remedy: What to do about it, in the same ways.
    """
    params: dict[str, Param] = {}
    for name, part in (("text", text), ("remedy", remedy)):
        by_language = {"en": part} if isinstance(part, str) else part
        params |= {name if language == "en" else f"{name}.{language}": one for language, one in by_language.items()}
    return Message(TEXT, {name: value for name, value in params.items() if value or name == "text"})


def of_client(message: Message, client: str) -> Message:
    """The same message, with the name of the client that it is about; this stands before its sentence."""
    return msgspec.structs.replace(message, params={**message.params, OF_CLIENT: clean(client)})
