"""Packs the fields of documents and deliveries that have no column in the copy, and restores whole values."""

from collections.abc import Sequence
from typing import Any

import msgspec

from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.listing import DocumentRow
from banqup_tui.domain.values import Value

_DECODERS = (msgspec.json.Decoder(Document), msgspec.json.Decoder(Delivery))
"""Built at import, before any thread: msgspec 0.22 crashes if two threads decode a type for the first time at once."""

DELIVERY_COLUMNS = "v.id, v.document_id, v.integration_id, v.state, v.value"

_encoder = msgspec.json.Encoder()
_IN_COLUMNS = frozenset(
    {"id", "client_id", "folder", "accounting_status", "approved", "processed", "attempted", "currency", "number"}
    | {"net_amount", "vat_amount", "gross_amount", "file_name", "text_words"}
)


def _rest_of(kind: type[Value], in_columns: frozenset[str]) -> list[tuple[str, str, object]]:
    """Returns name, name on the wire and default of each field without a column."""
    return [
        (field.name, field.encode_name, None if field.default is msgspec.NODEFAULT else field.default)
        for field in msgspec.structs.fields(kind)
        if field.name not in in_columns
    ]


REST_OF_DOCUMENT = _rest_of(Document, _IN_COLUMNS)
REST_OF_DELIVERY = _rest_of(Delivery, frozenset({"id", "document_id", "integration_id", "state"}))


def packed(value: Value, rest: list[tuple[str, str, object]]) -> bytes:
    """Returns the JSON of the wire, without fields that have their default or a column."""
    filled = {}
    for name, wire_name, default in rest:
        found = getattr(value, name)
        if found is not None and found != default:
            filled[wire_name] = found
    return _encoder.encode(filled)


def whole_document(row: DocumentRow, value: bytes) -> Document:
    """Returns the whole document, with the effects of pending commands that `row` shows."""
    columns = {
        "id": row.id, "clientId": row.client_id, "folder": row.folder.value, "currency": row.currency,
        "netAmount": row.net_amount, "vatAmount": row.vat_amount, "grossAmount": row.gross_amount,
        "number": row.number, "fileName": row.file_name, "approved": row.approved, "processed": row.processed,
        "attempted": row.attempted, "accountingStatus": row.status.value,
    }  # fmt: skip
    rest = msgspec.json.decode(value)
    if not row.undecided and rest.get("duplicate") == Duplicate.UNDECIDED:
        del rest["duplicate"]  # a pending command decides
    if not row.withdrawn:
        rest.pop("withdrawnAt", None)
    return msgspec.convert(rest | columns, Document)


def whole_delivery(row: Sequence[Any]) -> Delivery:
    """Returns the whole delivery of a row of `DELIVERY_COLUMNS`."""
    delivery_id, document_id, integration_id, state, value = row
    columns = {"id": delivery_id, "documentId": document_id, "integrationId": integration_id, "state": state}
    return msgspec.convert(msgspec.json.decode(value) | columns, Delivery)
