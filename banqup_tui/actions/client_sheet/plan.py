"""What a sheet of clients would do: for each row a new client, a changed one, the same, or what is wrong with it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from banqup_tui.actions.client_sheet.columns import HEADINGS, SheetColumns
from banqup_tui.domain.client import Client, ClientDetails, details_of
from banqup_tui.domain.client_details import DetailsFlaw, flaws_of, normalised
from banqup_tui.domain.identifiers import party_keys
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CommandBody, CreateClient, EditClient

_LISTS = frozenset({"accounts", "numbers"})
_BETWEEN = re.compile(r"[,;|\n]+")


class RowKind(StrEnum):
    NEW = "NEW"
    CHANGED = "CHANGED"
    SAME = "SAME"
    WRONG = "WRONG"


class PlannedRow(Value, frozen=True, kw_only=True):
    """One row of a sheet.

    Attributes:
        number: as a spreadsheet counts it, from 1.
        changed: the fields that change.
        flaws: what is wrong, with the field.
    """

    number: int
    kind: RowKind
    details: ClientDetails
    client: Client | None = None
    changed: tuple[str, ...] = ()
    flaws: tuple[DetailsFlaw, ...] = ()


def plan(rows: Sequence[Sequence[str]], columns: SheetColumns, clients: Iterable[Client]) -> list[PlannedRow]:
    """Returns what becomes of each row below the headings. Empty rows are passed over.

    A client is known by its reference, else by its numbers, else by its name where the row has neither. Empty cells
    leave a value as it is.
    """
    known = _Known(clients)
    taken: dict[str, int] = {}
    planned = []
    for number, row in enumerate(rows[columns.row + 1 :], columns.row + 2):
        cells = {field: row[at] for at, field in columns.fields.items() if at < len(row) and row[at].strip()}
        if cells:
            planned.append(_checked_twice(_planned(number, cells, known), taken))
    return planned


def commands(planned: Iterable[PlannedRow]) -> Iterator[CommandBody]:
    """Yields the commands of the rows that do something."""
    for row in planned:
        if row.kind is RowKind.NEW:
            yield CreateClient(client_id=str(uuid.uuid4()), **msgspec.structs.asdict(row.details))
        elif row.kind is RowKind.CHANGED and row.client is not None:
            yield EditClient(client_id=row.client.id, details=row.details, before=details_of(row.client))


def sheet_of(clients: Iterable[Client]) -> Iterator[list[str]]:
    """Yields the rows of a sheet of these clients, the headings first. Read again, it changes nothing."""
    yield list(HEADINGS.values())
    for client in clients:
        yield [_text(getattr(client, field)) for field in HEADINGS]


class _Known:
    """The clients there, by reference, number and name."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by: dict[str, list[Client]] = {}
        for client in clients:
            for key in _keys(client):
                self._by.setdefault(key, []).append(client)

    def of(self, details: ClientDetails) -> list[Client]:
        """Returns the clients that the details may mean; several if reference and numbers are of different ones."""
        keys = ([_reference_key(details)] if details.reference else []) + _number_keys(details)
        if not keys:
            keys = [f"name:{details.name.casefold()}"]
        return list({client.id: client for key in keys for client in self._by.get(key, ())}.values())


def _keys(client: Client) -> list[str]:
    return [_reference_key(client), *_number_keys(client), f"name:{client.name.casefold()}"]


def _reference_key(details: ClientDetails) -> str:
    return f"reference:{details.reference.casefold()}"


def _number_keys(details: ClientDetails) -> list[str]:
    pairs = [("VAT", details.vat_number or ""), ("0208", details.enterprise_number or "")]
    return list(party_keys(pairs, details.country))


def _planned(number: int, cells: Mapping[str, str], known: _Known) -> PlannedRow:
    entered = normalised(_filled(ClientDetails(reference="", name=""), cells))
    found = known.of(entered)
    if len(found) > 1:
        names = ", ".join(client.name for client in found)
        flaw = DetailsFlaw(field="vat_number", message=message("sheet.several-clients", names=names))
        return PlannedRow(number=number, kind=RowKind.WRONG, details=entered, flaws=(flaw,))
    if not found:
        flaws = tuple(flaw for flaw in flaws_of(entered) if flaw.field != "reference" or entered.reference)
        kind = RowKind.WRONG if flaws else RowKind.NEW
        return PlannedRow(number=number, kind=kind, details=entered, flaws=flaws)
    (client,) = found
    before = details_of(client)
    details = normalised(_filled(before, cells))
    changed = tuple(name for name in HEADINGS if getattr(details, name) != getattr(before, name))
    flaws = tuple(flaws_of(details, before))
    kind = RowKind.WRONG if flaws else RowKind.CHANGED if changed else RowKind.SAME
    return PlannedRow(number=number, kind=kind, details=details, client=client, changed=changed, flaws=flaws)


def _checked_twice(row: PlannedRow, taken: dict[str, int]) -> PlannedRow:
    """Finds rows that mean the client of an earlier row: the sheet says two things of one client."""
    keys = [f"id:{row.client.id}"] if row.client else []
    keys += [_reference_key(row.details)] if row.details.reference else []
    keys += _number_keys(row.details)
    if row.kind is not RowKind.WRONG:
        earlier = next((taken[key] for key in keys if key in taken), None)
        if earlier is not None:
            flaw = DetailsFlaw(field="name", message=message("sheet.client-of-row", row=earlier))
            return msgspec.structs.replace(row, kind=RowKind.WRONG, flaws=(flaw,))
        taken.update(dict.fromkeys(keys, row.number))
    return row


def _filled(details: ClientDetails, cells: Mapping[str, str]) -> ClientDetails:
    values = {
        field: tuple(filter(None, map(str.strip, _BETWEEN.split(cell)))) if field in _LISTS else cell
        for field, cell in cells.items()
    }
    return msgspec.structs.replace(details, **values)


def _text(value: str | tuple[str, ...] | None) -> str:
    return ", ".join(value) if isinstance(value, tuple) else value or ""
