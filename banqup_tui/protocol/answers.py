"""What a server answers, made harmless before it is decoded: no escape sequence, no number that a database cannot hold.

All that reaches a screen, a table, a log or an export of the terminal comes through here. The service holds the numbers
of commands to the same limit.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from banqup_tui.domain.text import HIDDEN_CHARACTERS, without_controls

_ASCII = bytes(range(128))
_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")
_DIGITS_ALIKE = bytes(ord("0") if chr(byte) in "0123456789" else 0 for byte in range(256))
_LONG_NUMBER = b"0" * 19

_WITH_LINES = frozenset({"settings", "default"})
"""Below these names a text may have several lines, such as the body of a message or a certificate."""

_LEAST, _MOST = -(2**63) + 1, 2**63 - 1
"""The absolute value of -(2**63) has no room in 64 bits: SQLite ends a question for it with an error."""


def harmless(body: bytes) -> bytes:
    """The JSON as it can be shown. Raises `msgspec.DecodeError` where it is none, or a number has over 64 bits."""
    try:
        if not _is_suspect(body):
            return body
        return msgspec.json.encode(_harmless(msgspec.json.decode(body), lines=False))
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def check_numbers(body: bytes) -> None:
    """Raises `msgspec.DecodeError` where a number of the JSON has over 64 bits, or it is no JSON."""
    if _LONG_NUMBER in body.translate(_DIGITS_ALIKE):
        try:
            _harmless(msgspec.json.decode(body), lines=True)
        except (ValueError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from None


def _is_suspect(body: bytes) -> bool:
    """Whether there may be an escape, a hidden character or a number that is too large. Few answers have any.

    What is not ASCII is little, and looked at by itself: 2 MB take some milliseconds.
    """
    if b"\\" in body or b"\x7f" in body or _LONG_NUMBER in body.translate(_DIGITS_ALIKE):
        return True
    return _HIDDEN.search(body.translate(None, _ASCII).decode()) is not None


def _harmless(value: Any, *, lines: bool) -> Any:
    if isinstance(value, str):
        return without_controls(value, lines=lines)
    if isinstance(value, dict):
        return {
            without_controls(name): _harmless(inner, lines=lines or name in _WITH_LINES)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_harmless(inner, lines=lines) for inner in value]
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        raise ValueError("a number with more than 64 bits")
    return value
