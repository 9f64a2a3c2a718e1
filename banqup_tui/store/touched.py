"""What one transaction changed in the copy: told to whoever shows it."""

from __future__ import annotations

import msgspec


class Touched(msgspec.Struct):
    """What one transaction changed. `everything`: too much to name."""

    everything: bool = False
    clients: set[str] = msgspec.field(default_factory=set)
    documents: set[str] = msgspec.field(default_factory=set)
    kinds: set[str] = msgspec.field(default_factory=set)

    def add(self, other: Touched) -> None:
        self.everything = self.everything or other.everything
        self.clients |= other.clients
        self.documents |= other.documents
        self.kinds |= other.kinds
