"""Remembers the companies of e-invoices, by which the numbers and names of other documents are recognised."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.domain.document import Document, Party
from banqup_tui.domain.duplicates import company_key
from banqup_tui.domain.twins import bare_name

_table = tables.known_company
_BY_KEY: Final = select(_table.c.key, _table.c.name).where(
    _table.c.space_id == bindparam("space"), _table.c.key.in_(bindparam("keys", expanding=True))
)
_BY_NAME: Final = (
    select(_table.c.key)
    .where(_table.c.space_id == bindparam("space"), _table.c.bare_name == bindparam("name"))
    .limit(2)
)


def remember(transaction: Transaction, document: Document) -> None:
    """Remembers seller and buyer of an e-invoice. The first name of a number stays."""
    rows = rows_of(transaction.space_id, (document.supplier, document.customer))
    if rows:
        transaction.execute(transaction.insert(_table).on_conflict_do_nothing(), rows)


def rows_of(space_id: str, parties: Iterable[Party | None]) -> list[dict[str, str]]:
    return [
        {"space_id": space_id, "key": key[:80], "name": party.name, "bare_name": bare_name(party.name)}
        for party in parties
        if party is not None and party.name and (key := company_key(party))
    ]


def names_of(transaction: Transaction, keys: Iterable[str]) -> dict[str, str]:
    """Returns the names of the companies that are known, by key."""
    rows = transaction.execute(_BY_KEY, {"space": transaction.space_id, "keys": list(keys)}).all()
    return {row.key: row.name for row in rows}


def with_number(transaction: Transaction, party: Party | None) -> Party | None:
    """Returns a party with its number, if it has only a name, and that of one Belgian company that is known."""
    if party is None or not party.name or party.vat_number or party.enterprise_number:
        return party
    values = {"space": transaction.space_id, "name": bare_name(party.name)}
    keys = transaction.execute(_BY_NAME, values).scalars().all()
    number = keys[0].removeprefix("be:") if len(keys) == 1 and keys[0].startswith("be:") else None
    # Not as its VAT number: not each company has one.
    return Party(name=party.name, enterprise_number=number) if number else party
