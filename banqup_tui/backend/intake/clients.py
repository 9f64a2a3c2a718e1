"""Clients in the database, found by key and written with all keys by which they are recognized."""

import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.domain.client import Client
from banqup_tui.domain.source import RuleKind
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.keys import keys_of_client, name_key
from banqup_tui.sources.sorter import NewClient

_LEGAL_FORMS = re.compile(
    r"(?i:sa|nv|srl|bv|bvba|sprl|sc|cv|scrl|cvba|snc|vof|asbl|vzw|acp|ltd|gmbh|sas|sarl|commv|scs|ag)"
)
_LONGEST_REFERENCE = 24


_ALL = (
    select(tables.client.c.value)
    .where(tables.client.c.space_id == bindparam("space"))
    .order_by(tables.client.c.reference)
)
_BY_ID = _ALL.where(tables.client.c.id == bindparam("id"))
_BY_REFERENCE = _ALL.where(func.lower(tables.client.c.reference) == bindparam("reference"))
_BY_KEYS = _ALL.where(
    tables.client.c.id.in_(
        select(tables.client_key.c.client_id).where(
            tables.client_key.c.space_id == bindparam("space"),
            tables.client_key.c.key.in_(bindparam("keys", expanding=True)),
        )
    )
)
_RULED = select(tables.rule.c.client_id).where(
    tables.rule.c.space_id == bindparam("space"),
    tables.rule.c.kind == str(RuleKind.IDENTIFIER),
    tables.rule.c.match == bindparam("key"),
)
_client = msgspec.json.Decoder(Client)


class ClientDirectory:
    """The sorter's view of the clients (`sources.sorter.Directory`) within one transaction or snapshot."""

    def __init__(self, connection: Connection, space_id: str) -> None:
        self._connection = connection
        self._space_id = space_id

    def clients_for(self, key: str) -> Sequence[Client]:
        kind, _, text = key.partition(":")
        if kind == "reference":
            return self._found(_BY_REFERENCE, reference=text.lower())
        found = self.known_by(key)
        if kind == "name" and not found:
            return [client for client in self._found(_ALL) if name_key(client.name) == key]
        return found if len(found) == 1 else self._by_rule(key, found)

    def known_by(self, key: str) -> list[Client]:
        """Returns the clients with this key, without the filing rules."""
        return self._found(_BY_KEYS, keys=list(_spellings(key)))

    def _by_rule(self, key: str, found: list[Client]) -> list[Client]:
        """Applies a filing rule made by hand, for a key of no client or of several."""
        learned = self._connection.execute(_RULED, {"space": self._space_id, "key": key[:80]}).scalar()
        client = self.by_id(learned) if learned else None
        return [client] if client is not None and (not found or client in found) else found

    def by_id(self, client_id: str) -> Client | None:
        found = self._found(_BY_ID, id=client_id)
        return found[0] if found else None

    def _found(self, statement: Select[Any], **parameters: object) -> list[Client]:
        values = self._connection.execute(statement, {"space": self._space_id, **parameters}).scalars()
        return [_client.decode(value) for value in values]


def _spellings(key: str) -> tuple[str, ...]:
    """Returns the key and the plain numbers that mean the same."""
    kind, _, text = key.partition(":")
    if kind == "be":
        return key, text, f"BE{text}"
    return (key, text) if kind in ("vat", "iban") else (key,)


def put_client(transaction: Transaction, client: Client, keys: Iterable[str] = ()) -> None:
    """Inserts a client with the keys of its numbers and those in `keys`."""
    row = {
        "id": client.id,
        "space_id": transaction.space_id,
        "reference": client.reference,
        "seq": 0,
        "value": msgspec.json.encode(client),
    }
    transaction.execute(tables.client.insert(), row)
    add_keys(transaction, client.id, [*keys_of_client(client), *keys])
    transaction.changed(EntityKind.CLIENT, client.id, client_id=client.id)


def change_client(transaction: Transaction, before: Client, client: Client) -> None:
    """Updates a client, and replaces the keys of its former numbers. Keys that the service has learned stay."""
    row = {"reference": client.reference, "value": msgspec.json.encode(client)}
    transaction.execute(update(tables.client).where(tables.client.c.id == client.id).values(row))
    old, new = set(keys_of_client(before)), keys_of_client(client)
    key = tables.client_key
    for gone in old - set(new):
        mine = (key.c.space_id == transaction.space_id, key.c.client_id == client.id)
        transaction.execute(delete(key).where(*mine, key.c.key.in_([one[:80] for one in _spellings(gone)])))
    add_keys(transaction, client.id, [one for one in new if one not in old])
    transaction.changed(EntityKind.CLIENT, client.id, client_id=client.id)


def add_keys(transaction: Transaction, client_id: str, keys: Iterable[str]) -> None:
    rows = [{"space_id": transaction.space_id, "key": key[:80], "client_id": client_id} for key in dict.fromkeys(keys)]
    if rows:
        transaction.execute(transaction.insert(tables.client_key).on_conflict_do_nothing(), rows)


def make_client(transaction: Transaction, new: NewClient) -> Client:
    client = Client(
        id=str(uuid.uuid4()),
        reference=free_reference(transaction, new.name),
        name=new.name,
        vat_number=new.vat_number,
        enterprise_number=new.enterprise_number,
        identifiers=new.identifiers,
    )
    put_client(transaction, client, new.keys)
    return client


def free_reference(transaction: Transaction, name: str) -> str:
    """Returns an unused reference: `Boulangerie du Parvis SRL` gives `BOULANGERIE-DU-PARVIS`, then `…-2`, `…-3`."""
    base = reference_from(name)
    column = tables.client.c.reference
    statement = select(column).where(tables.client.c.space_id == transaction.space_id, column.like(f"{base}%"))
    taken = {reference.upper() for reference in transaction.execute(statement).scalars()}
    if base not in taken:
        return base
    return next(candidate for number in range(2, len(taken) + 3) if (candidate := f"{base}-{number}") not in taken)


def reference_from(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Z0-9]+", plain.upper())
    significant = [word for word in words if not _LEGAL_FORMS.fullmatch(word)] or words
    reference = ""
    for word in significant:
        longer = f"{reference}-{word}" if reference else word
        if reference and len(longer) > _LONGEST_REFERENCE:
            break
        reference = longer[:_LONGEST_REFERENCE]
    return reference or "CLIENT"
