"""Messages of the program to its user, as a code with parameters. The sentence is made where it is shown.

A message passes in this form from a connector or a reader through the ledger, both databases and the wire, so that it
means the same in every language. `presentation.messages` makes its sentence and its remedy; docs/messages.md lists the
codes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from banqup_tui.domain.text import clean

Param = str | int

TEXT = "text"
"""The code of a message that came as a sentence, from an earlier version or from a package of another author.

Its parameters are `text` and `remedy`, and their translations `text.fr` and so on. It is shown unchanged.
"""

OF_CLIENT = "ofClient"
"""A parameter that any message may have: the name of the client that it concerns."""

OF_SETTING = "setting"
"""The parameter of a message about a setting: the setting's title in English; `setting.fr` in French, and so on. It is
shown before the sentence, or in it."""

_LONGEST = 500
"""The most characters of a parameter: a message is one line, and the text of a stranger may have megabytes."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message: a stable code, and the parameters of its sentence.

    `quote` is the text of a receiver or a library, word for word. It is shown in quotation marks and never translated.
    """

    code: str
    params: dict[str, Param] = {}
    quote: str = ""


def message(code: str, /, quote: str = "", **params: object) -> Message:
    """Makes a message. Texts are cleaned for one line of a terminal and cut; numbers stay numbers."""
    return Message(code, _cleaned(params), clean(quote)[:_LONGEST])


def _cleaned(params: Mapping[str, object]) -> dict[str, Param]:
    return {name: value if type(value) is int else clean(str(value))[:_LONGEST] for name, value in params.items()}


def with_params(one: Message, **params: object) -> Message:
    """Returns the message with more parameters."""
    return msgspec.structs.replace(one, params={**one.params, **_cleaned(params)})


def of_setting(one: Message, titles: Mapping[str, str]) -> Message:
    """Returns the message with the title of its setting; `titles` are by language code, always with `en`."""
    named = {OF_SETTING: titles["en"], **in_other_languages(OF_SETTING, titles)}
    return msgspec.structs.replace(one, params={**one.params, **_cleaned(named)})


def in_other_languages(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters for the languages other than English, such as `setting.fr`."""
    return {f"{name}.{language}": text for language, text in texts.items() if language != "en"}


def message_in(line: str) -> Message | None:
    """Returns the message that a line of a log has as JSON; `None` if it has none."""
    try:
        return msgspec.json.decode(line, type=Message)
    except msgspec.DecodeError:
        return None


def text_message(text: str | Mapping[str, str], remedy: str | Mapping[str, str] = "") -> Message:
    """Makes a message of a sentence that has no code.

    Args:
        text: The sentence. A package of another author may give it by language code, always with `en`.
        remedy: The sentence on what to do, in the same forms.
    """
    params: dict[str, Param] = {}
    for name, part in (("text", text), ("remedy", remedy)):
        by_language = {"en": part} if isinstance(part, str) else part
        params |= {name if language == "en" else f"{name}.{language}": one for language, one in by_language.items()}
    return Message(TEXT, {name: value for name, value in params.items() if value or name == "text"})


def of_client(message: Message, client: str) -> Message:
    """Returns the message with the name of the client that it concerns, which is shown before its sentence."""
    return msgspec.structs.replace(message, params={**message.params, OF_CLIENT: clean(client)})
