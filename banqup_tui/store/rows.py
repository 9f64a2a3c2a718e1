"""Reads rows of documents for lists, with the effects of pending commands drawn over them."""

import sqlite3
from collections.abc import Sequence
from itertools import starmap

import msgspec

from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import ALL_FOLDERS
from banqup_tui.domain.listing import DocumentRow, Sent
from banqup_tui.store.codes import (
    APPROVED,
    ATTEMPTED,
    CREDIT_NOTE,
    PEPPOL,
    PROCESSED,
    REPLACED,
    STATUSES,
    TO_ASK_FOR,
    UNDATED,
    UNDECIDED,
    WITHDRAWN,
    date_of,
)
from banqup_tui.store.overlay import Moment, Overlay, draw


class StoredRow(msgspec.Struct, frozen=True):
    """A row of the table `document` of the copy, without `value`, as codes (store.codes).

    `client` is the client's number in the copy, `ver` the change number of the row, `gen` its generation.
    """

    n: int
    id: str
    client: int
    folder: int
    day: int
    status: int
    flags: int
    currency: str | None
    net: int | None
    vat: int | None
    gross: int | None
    ver: int
    gen: int
    number: str | None
    counterparty: str | None
    file_name: str


COLUMNS = ", ".join(f"d.{name}" for name in StoredRow.__struct_fields__)
"""The columns that `read_rows` reads, of the table `document d`."""


def read_rows(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> list[StoredRow]:
    """Runs a query for `COLUMNS`."""
    return list(starmap(StoredRow, connection.execute(query, values)))


def by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[StoredRow]:
    """Returns rows in the order of the rowids; unknown ones are left out."""
    found: dict[int, StoredRow] = {}
    for some in in_batches(numbers):
        marks = ",".join("?" * len(some))
        rows = read_rows(connection, f"SELECT {COLUMNS} FROM document d WHERE d.n IN ({marks})", some)  # noqa: S608
        found.update({row.n: row for row in rows})
    return [found[number] for number in numbers if number in found]


def by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> list[StoredRow]:
    """Returns rows in the order of the ids; unknown ids are left out."""
    found: dict[str, StoredRow] = {}
    for some in in_batches(ids):
        marks = ",".join("?" * len(some))
        rows = read_rows(connection, f"SELECT {COLUMNS} FROM document d WHERE d.id IN ({marks})", some)  # noqa: S608
        found.update({row.id: row for row in rows})
    return [found[one] for one in ids if one in found]


def rows_of(connection: sqlite3.Connection, overlay: Overlay, stored: Sequence[StoredRow]) -> list[DocumentRow]:
    """Returns rows as lists show them: with their deliveries and the effects of pending commands."""
    sent = _sent(connection, [row.id for row in stored])
    clients = _clients(connection, {row.client for row in stored})
    gen, seq = connection.execute("SELECT gen, seq FROM meta").fetchone()
    now = Moment(gen=gen, seq=seq)
    return [_row(row, clients[row.client], sent.get(row.id, ()), overlay, now) for row in stored]


def _row(row: StoredRow, client_id: str, sent: tuple[Sent, ...], overlay: Overlay, now: Moment) -> DocumentRow:
    flags = row.flags
    drawn = draw(
        overlay.over(row.id, row.ver, row.gen, now),
        status=STATUSES[row.status],
        approved=bool(flags & APPROVED),
        processed=bool(flags & PROCESSED),
        attempted=bool(flags & ATTEMPTED),
        is_open=any(one.is_open for one in sent),
        needs_a_look=any(one.needs_a_look for one in sent),
        undecided=bool(flags & UNDECIDED),
        withdrawn=bool(flags & WITHDRAWN),
    )
    return DocumentRow(
        id=row.id, client_id=client_id, folder=ALL_FOLDERS[row.folder], date=date_of(row.day), status=drawn.status,
        number=row.number, counterparty=row.counterparty, currency=row.currency, net_amount=row.net, vat_amount=row.vat,
        gross_amount=row.gross, approved=bool(flags & APPROVED), processed=drawn.processed, attempted=drawn.attempted,
        pending=drawn.pending, file_name=row.file_name, sent=sent, is_credit_note=bool(flags & CREDIT_NOTE),
        undecided=drawn.undecided, replaced=bool(flags & REPLACED), withdrawn=drawn.withdrawn,
        has_issue_date=not flags & UNDATED, over_peppol=bool(flags & PEPPOL), to_ask_for=bool(flags & TO_ASK_FOR),
    )  # fmt: skip


def _clients(connection: sqlite3.Connection, numbers: set[int]) -> dict[int, str]:
    marks = ",".join(map(str, numbers))
    return dict(connection.execute(f"SELECT n, id FROM client WHERE n IN ({marks})"))  # noqa: S608


def _sent(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[Sent, ...]]:
    found: dict[str, list[Sent]] = {}
    for some in in_batches(ids):
        marks = ",".join("?" * len(some))
        rows = connection.execute(
            "SELECT v.document_id, v.integration_id, coalesce(i.label, ''), v.state, v.look, v.open FROM delivery v"  # noqa: S608
            f" LEFT JOIN integration i ON i.id = v.integration_id WHERE v.document_id IN ({marks})",
            some,
        )
        for document_id, integration_id, label, state, look, is_open in rows:
            if state == "CANCELLED":
                continue
            one = Sent(
                integration_id=integration_id,
                label=label,
                state=DeliveryState(state),
                needs_a_look=bool(look),
                is_open=bool(is_open),
            )
            found.setdefault(document_id, []).append(one)
    return {key: tuple(sorted(value, key=lambda one: one.label)) for key, value in found.items()}
