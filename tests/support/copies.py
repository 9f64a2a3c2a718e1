"""Answers of the service as the copy applies them."""

from collections.abc import Sequence

import msgspec

from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.protocol.messages import Change, Changes, EntityKind, Op


def changes_of(values: Sequence[Document | Delivery], seq: int) -> Changes:
    """Returns the answer that brings these values, all with the change number `seq`, and nothing after them."""
    return Changes(cursor="c", seq=seq, changes=tuple(_change_of(value, seq) for value in values))


def _change_of(value: Document | Delivery, seq: int) -> Change:
    kind = EntityKind.DOCUMENT if isinstance(value, Document) else EntityKind.DELIVERY
    return Change(seq=seq, kind=kind, op=Op.PUT, id=value.id, value=msgspec.Raw(msgspec.json.encode(value)))
