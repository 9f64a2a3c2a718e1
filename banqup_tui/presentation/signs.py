"""The signs, each one cell wide, and the appearance of each status and state: sign, colour, short word, full word.

The signs are in the character set WGL4, which common terminal fonts have. `use_ascii(True)` selects ASCII signs, for
locales that are not UTF-8 and for CJK locales, in which some of the signs are two cells wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation.words import N_, NP_, _, pgettext

Token = Literal["text", "strong", "muted", "rule", "accent", "error", "warn", "ok", "info"]
"""The purpose of a text; the theme gives it a colour."""

SignName = Literal[
    "client", "queued", "ready", "done", "error", "sending", "unknown", "warning", "selected", "folded", "open",
    "path", "cut", "zero", "actions", "minus", "none", "up", "down", "left", "right", "bar", "bar_rest", "prompt",
    "line_h", "line_v", "corner_tl", "corner_tr", "corner_bl", "corner_br", "dot", "credit", "same", "ask",
]  # fmt: skip

UTF8: Mapping[SignName, str] = {
    "client": "◊", "queued": "→", "ready": "●", "done": "√", "error": "×", "sending": "»", "unknown": "?",
    "warning": "!", "selected": "■", "folded": "►", "open": "▼", "path": "›", "cut": "…", "zero": "·",
    "actions": "⋮", "minus": "−", "none": "–", "up": "↑", "down": "↓", "left": "←", "right": "→", "bar": "█",
    "bar_rest": "░", "prompt": "›", "line_h": "─", "line_v": "│", "corner_tl": "┌", "corner_tr": "┐",
    "corner_bl": "└", "corner_br": "┘", "dot": "·", "credit": "←", "same": "≈", "ask": "¿",
}  # fmt: skip
ASCII: Mapping[SignName, str] = {
    "client": "o", "queued": ">", "ready": "*", "done": "=", "error": "x", "sending": ")", "unknown": "?",
    "warning": "!", "selected": "#", "folded": "+", "open": "-", "path": ">", "cut": "~", "zero": ".",
    "actions": ":", "minus": "-", "none": "-", "up": "^", "down": "v", "left": "<", "right": ">", "bar": "#",
    "bar_rest": "-", "prompt": ">", "line_h": "-", "line_v": "|", "corner_tl": "+", "corner_tr": "+",
    "corner_bl": "+", "corner_br": "+", "dot": "-", "credit": "<", "same": "&", "ask": "?",
}  # fmt: skip

_state: dict[str, Mapping[SignName, str]] = {"set": UTF8}
_TO_ASCII = str.maketrans({**{UTF8[name]: ASCII[name] for name in UTF8}, "\u00a0": " ", "·": "-"})


def use_ascii(ascii_only: bool) -> None:
    _state["set"] = ASCII if ascii_only else UTF8


def sign(name: SignName) -> str:
    return _state["set"][name]


def plain(text: str) -> str:
    """Returns a text of the program, with its signs replaced if the ASCII signs are used."""
    return text if _state["set"] is UTF8 or text.isascii() else text.translate(_TO_ASCII)


class Appearance(NamedTuple):
    """The appearance of a status or state. `short` and `full` are English; `word` and `full_word` are translated."""

    sign_name: SignName
    token: Token
    bold: bool
    short: str
    full: str

    @property
    def sign(self) -> str:
        return _state["set"][self.sign_name]

    @property
    def word(self) -> str:
        return _(self.short)

    @property
    def full_word(self) -> str:
        return pgettext("in full", self.full)


STATUSES: Mapping[AccountingStatus, Appearance] = {
    AccountingStatus.CLIENT_ACTION_NEEDED: Appearance(
        "client", "warn", False, N_("Client"), NP_("in full", "Client action needed")
    ),
    AccountingStatus.QUEUED: Appearance("queued", "info", False, N_("Queued"), NP_("in full", "Queued")),
    AccountingStatus.READY_TO_PROCESS: Appearance(
        "ready", "text", False, N_("Ready"), NP_("in full", "Ready to process")
    ),
    AccountingStatus.PROCESSED: Appearance("done", "muted", False, N_("Processed"), NP_("in full", "Processed")),
    AccountingStatus.ERROR: Appearance("error", "error", True, N_("Error"), NP_("in full", "Error")),
}
UNDECIDED = Appearance("same", "warn", True, N_("Held"), NP_("in full", "Held"))
"""The appearance of a document that is held as a duplicate, in place of its status."""

WITHDRAWN = Appearance("none", "muted", False, N_("Withdrawn"), NP_("in full", "Withdrawn"))

STATES: Mapping[DeliveryState, Appearance] = {
    DeliveryState.QUEUED: Appearance("queued", "info", False, N_("Queued"), NP_("in full", "Queued")),
    DeliveryState.SENDING: Appearance("sending", "info", False, N_("Sending"), NP_("in full", "Sending")),
    DeliveryState.DELIVERED: Appearance("done", "ok", False, N_("Delivered"), NP_("in full", "Delivered")),
    DeliveryState.FAILED: Appearance("error", "error", True, N_("Failed"), NP_("in full", "Failed")),
    DeliveryState.UNKNOWN: Appearance("unknown", "warn", True, N_("Unknown"), NP_("in full", "Unknown")),
    DeliveryState.CANCELLED: Appearance("none", "muted", False, N_("Cancelled"), NP_("in full", "Cancelled")),
}


def needs_ascii(environment: Mapping[str, str]) -> bool:
    """Returns True if the locale is not UTF-8, or is one in which the signs are two cells wide."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    is_utf8 = locale.lower().replace("-", "").partition(".")[2].startswith("utf8")
    return not is_utf8 or locale[:2] in ("zh", "ja", "ko")
