"""Reads rows of documents for lists, with the effects of pending commands drawn over them.

A raw row has the columns `COLUMNS`, in that order.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import ALL_FOLDERS
from banqup_tui.domain.listing import DocumentRow, Sent
from banqup_tui.store.codes import APPROVED, ATTEMPTED, CREDIT_NOTE, PROCESSED, STATUSES, date_of
from banqup_tui.store.overlay import Moment, Overlay, draw

COLUMNS = (
    "d.n, d.id, d.client, d.folder, d.day, d.status, d.flags, d.currency, d.net, d.vat, d.gross, d.ver, d.gen,"
    " d.number, d.counterparty, d.file_name"
)


def by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    """Returns raw rows in the order of the rowids; unknown ones are left out."""
    found: dict[int, tuple[Any, ...]] = {}
    for some in in_batches(numbers):
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT {COLUMNS} FROM document d WHERE d.n IN ({marks})", some)  # noqa: S608
        found.update({row[0]: row for row in rows})
    return [found[number] for number in numbers if number in found]


def by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Returns raw rows in the order of the ids; unknown ids are left out."""
    found: dict[str, tuple[Any, ...]] = {}
    for some in in_batches(ids):
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT {COLUMNS} FROM document d WHERE d.id IN ({marks})", some)  # noqa: S608
        found.update({row[1]: row for row in rows})
    return [found[one] for one in ids if one in found]


def rows_of(connection: sqlite3.Connection, overlay: Overlay, raw: Sequence[tuple[Any, ...]]) -> list[DocumentRow]:
    """Returns raw rows as lists show them: with their deliveries and the effects of pending commands."""
    sent = _sent(connection, [row[1] for row in raw])
    clients = _clients(connection, {row[2] for row in raw})
    gen, seq = connection.execute("SELECT gen, seq FROM meta").fetchone()
    now = Moment(gen=gen, seq=seq)
    return [_row(row, clients[row[2]], sent.get(row[1], ()), overlay, now) for row in raw]


def _row(row: tuple[Any, ...], client_id: str, sent: tuple[Sent, ...], overlay: Overlay, now: Moment) -> DocumentRow:
    flags = row[6]
    drawn = draw(
        overlay.over(row[1], row[11], row[12], now),
        status=STATUSES[row[5]],
        approved=bool(flags & APPROVED),
        processed=bool(flags & PROCESSED),
        attempted=bool(flags & ATTEMPTED),
        is_open=any(one.is_open for one in sent),
        needs_a_look=any(one.needs_a_look for one in sent),
    )
    return DocumentRow(
        id=row[1], client_id=client_id, folder=ALL_FOLDERS[row[3]], date=date_of(row[4]), status=drawn.status,
        number=row[13], counterparty=row[14], currency=row[7], net_amount=row[8], vat_amount=row[9],
        gross_amount=row[10], approved=bool(flags & APPROVED), processed=drawn.processed, attempted=drawn.attempted,
        pending=drawn.pending, file_name=row[15], sent=sent, is_credit_note=bool(flags & CREDIT_NOTE),
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
