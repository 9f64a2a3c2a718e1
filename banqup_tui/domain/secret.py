"""A secret: a text that no output shows, and that only `reveal()` returns."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

MASK = "•••"
"""The text that is shown in place of a secret."""


class Secret:
    """A secret text. It is shown as `•••` by `str`, formats, JSON and pickle; only `reveal()` returns the text.

    It is no subclass of `str`, because concatenation, joining and encoders would then use the text.
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str | Secret = "") -> None:
        self._text: str = text._text if isinstance(text, Secret) else text
        if self._text:
            _alive[id(self)] = self

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._text.encode(errors="surrogatepass"), other._text.encode(errors="surrogatepass")
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (MASK,)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


# By identity, not by value: an equal secret may live longer than the first of its kind.
_alive: WeakValueDictionary[int, Secret] = WeakValueDictionary()


def secrets_alive() -> Iterator[Secret]:
    """Yields every secret that exists in this process, for writers of logs that must not contain any of them."""
    return iter(list(_alive.values()))


def revealed(value: Any) -> Any:
    """Returns the text of a secret, and any other value unchanged.

    It is also the `enc_hook` of encoders whose output is encrypted at once.
    """
    return value.reveal() if isinstance(value, Secret) else value


def as_json(value: Any) -> Any:
    """The `enc_hook` of encoders whose output is shown or stored unencrypted: secrets become `•••`."""
    if isinstance(value, Secret):
        return MASK
    raise TypeError(f"{type(value).__name__} is not written as JSON")


def from_text(kind: type, value: Any) -> Any:
    """The `dec_hook` that makes a secret of its text."""
    if kind is Secret and isinstance(value, str | Secret):
        return Secret(value)
    raise TypeError(f"{type(value).__name__} is no {kind.__name__}")
