"""What the program says to its user, as a code and its parameters: the sentence is made where it is shown.

A message travels so from a connector or a reader through the ledger, both databases and the wire, and means the same
in every language. `presentation.messages` makes its sentence and its remedy; docs/messages.md lists the codes.
"""

from __future__ import annotations

import msgspec

from banqup_tui.domain.text import clean

Param = str | int

TEXT = "text"
"""Code of a sentence that came as text: written by an earlier version, or by a package of others. Parameters: `text`
and `remedy`. It is shown as it is."""

OF_CLIENT = "ofClient"
"""A parameter that any message may have: the name of the client that it is about."""

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
    kept: dict[str, Param] = {
        name: value if type(value) is int else clean(str(value))[:_LONGEST] for name, value in params.items()
    }
    return Message(code, kept, clean(quote)[:_LONGEST])


def message_in(line: str) -> Message | None:
    """The message that a line of a log is, as JSON; `None` where it is none."""
    try:
        return msgspec.json.decode(line, type=Message)
    except msgspec.DecodeError:
        return None


def text_message(text: str, remedy: str = "") -> Message:
    """A sentence that is no message of the program, kept as it is."""
    return Message(TEXT, {"text": text, "remedy": remedy} if remedy else {"text": text})


def of_client(message: Message, client: str) -> Message:
    """The same message, with the name of the client that it is about; this stands before its sentence."""
    return msgspec.structs.replace(message, params={**message.params, OF_CLIENT: clean(client)})
