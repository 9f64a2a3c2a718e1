"""The shape of every domain value: frozen, keyword only, camelCase on the wire.

Domain values are the wire's types too, so nothing is mapped twice (docs/architecture.md). Identifiers are UUIDs
written as text; times are aware and in UTC; amounts are integer minor units of the document's currency.
"""

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all values of the domain and of the wire. Subclasses repeat `frozen, kw_only` for the type checker."""
