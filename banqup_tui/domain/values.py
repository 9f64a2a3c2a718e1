"""The shape of every domain value: frozen, keyword only, camelCase on the wire.

Domain values are the wire's types too, so nothing is mapped twice (docs/architecture.md). Identifiers are UUIDs
written as text; times are aware and in UTC; amounts are integer minor units of the document's currency.
"""

import re
from typing import Annotated

import msgspec

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
"""A hash on the wire: exactly 64 lower-case hex digits, since it becomes the name of a file (`$` alone would let a line
break follow them)."""

_SHA256 = re.compile("[0-9a-f]{64}")


def is_sha256(text: str) -> bool:
    """Whether a text is a `Sha256`, where it was not decoded as one."""
    return _SHA256.fullmatch(text) is not None


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all values of the domain and of the wire. Subclasses repeat `frozen, kw_only` for the type checker."""
