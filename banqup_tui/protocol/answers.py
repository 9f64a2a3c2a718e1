"""Sanitizes the JSON of a server before it is decoded: removes escape sequences, refuses numbers beyond 64 bits.

Everything from a server that reaches a screen, a table, a log or an export of the terminal passes through here. The
service checks the numbers of commands by the same limit.
"""

from __future__ import annotations

import re

import msgspec

from banqup_tui.domain.text import HIDDEN_CHARACTERS, without_controls

_ASCII = bytes(range(128))
_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")
_DIGITS_ALIKE = bytes(ord("0") if chr(byte) in "0123456789" else 0 for byte in range(256))
_LONG_NUMBER = b"0" * 19

_WITH_LINES = frozenset({"settings", "default"})
"""Members whose texts may have several lines, such as the body of a mail or a certificate."""

_LEAST, _MOST = -(2**63) + 1, 2**63 - 1
"""-(2**63) is excluded because its absolute value does not fit into 64 bits: SQLite's `abs` raises an error for it."""


def harmless(body: bytes) -> bytes:
    """Returns the JSON without control and invisible characters in its texts.

    Raises `msgspec.DecodeError` if it is not JSON, or a number has more than 64 bits.
    """
    try:
        if not _is_suspect(body):
            return body
        return msgspec.json.encode(_harmless(msgspec.json.decode(body), lines=False))
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def check_numbers(body: bytes) -> None:
    """Raises `msgspec.DecodeError` if the body is not JSON, or a number in it has more than 64 bits."""
    if _LONG_NUMBER in body.translate(_DIGITS_ALIKE):
        try:
            _harmless(msgspec.json.decode(body), lines=True)
        except (ValueError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from None


def _is_suspect(body: bytes) -> bool:
    """Returns True if the JSON may contain an escape, an invisible character or a number that is too large.

    Few answers do, and only these are decoded twice. The search is made on the few bytes that are not ASCII: 2 MB take
    some milliseconds.
    """
    if b"\\" in body or b"\x7f" in body or _LONG_NUMBER in body.translate(_DIGITS_ALIKE):
        return True
    return _HIDDEN.search(body.translate(None, _ASCII).decode()) is not None


def _harmless(value: object, *, lines: bool) -> object:
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
