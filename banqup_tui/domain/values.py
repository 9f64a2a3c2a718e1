"""The base of every domain value: frozen, with keyword arguments only, camelCase on the wire.

Domain values are the types of the wire too, so that nothing is mapped twice (docs/architecture.md). Identifiers are
UUIDs as text; times are aware and in UTC; amounts are integer minor units of the document's currency.
"""

import re
from typing import Annotated, Any

import msgspec

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
"""A SHA-256 on the wire: exactly 64 lower-case hex digits, because it becomes the name of a file.

`max_length` is needed because `$` also matches before a line break at the end.
"""

_SHA256 = re.compile("[0-9a-f]{64}")


def is_sha256(text: str) -> bool:
    """Returns True if a text that was not decoded as a `Sha256` is one."""
    return _SHA256.fullmatch(text) is not None


JsonObject = dict[str, Any]
"""A JSON object whose members only its schema names: the settings of a connector, or a schema itself."""


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of all values of the domain and the wire. Subclasses repeat `frozen, kw_only` for the type checker."""
