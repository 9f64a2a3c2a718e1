"""A secret: a text that no output shows, and that is read only where somebody asks for it by name."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

MASK = "•••"
"""What stands in the place of a secret wherever one is shown."""


class Secret:
    """Shows `•••` as text, in a format, in JSON and pickled. `reveal()` is the only way to its text.

    No subclass of `str`: concatenation, joining and encoders would then take the text without asking.
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
    """Every secret that this process holds now, for whoever writes what must not contain any of them."""
    return iter(list(_alive.values()))


def revealed(value: Any) -> Any:
    """The text of a secret; any other value as it is. Also the `enc_hook` of what is sealed right after."""
    return value.reveal() if isinstance(value, Secret) else value


def as_json(value: Any) -> Any:
    """`enc_hook` of encoders whose output is shown or stored in the clear."""
    if isinstance(value, Secret):
        return MASK
    raise TypeError(f"{type(value).__name__} is not written as JSON")


def from_text(kind: type, value: Any) -> Any:
    """`dec_hook`: a secret made of its text."""
    if kind is Secret and isinstance(value, str | Secret):
        return Secret(value)
    raise TypeError(f"{type(value).__name__} is no {kind.__name__}")
