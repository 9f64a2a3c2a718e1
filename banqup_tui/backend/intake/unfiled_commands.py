"""Commands for unfiled documents and filing rules, and the retry of unfiled documents."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import func, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DropAccountRecord, RuleRecord, UnfiledRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import rule_of, unfiled_of
from banqup_tui.backend.intake import arrivals, document_intake, filing_rules, source_files, twins, unfiled
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.backend.intake.source_files import FileOutcome
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Outdated, Services, prepared_by
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.origin import Arrival, Incoming
from banqup_tui.domain.source import MAIL_RULES, SHORTEST_MAIL_RULE, Learned, PlacingRule, what_is_learned
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.values import Value
from banqup_tui.formats import Content
from banqup_tui.formats.content import ContentKind
from banqup_tui.formats.refusals import ReaderNotAvailable
from banqup_tui.protocol.commands import AddRule, DismissUnfiled, PlaceFile, RemoveRule
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.sources.suggestions import placed_by_hand

_NOT_READ: Final = Content(media_type="application/octet-stream", kind=ContentKind.PLAIN)
_arrival = msgspec.json.Decoder(Incoming)
_any_arrival = msgspec.json.Decoder(Arrival)
Knowledge = tuple[int, int, str | None, int]


class Placement(Value, frozen=True, kw_only=True):
    """Result of a placement: the document, whether it is new, and the rule that was learned."""

    document_id: str
    outcome: str
    rule: PlacingRule | None = None


# Commands


class _Prepared(msgspec.Struct, frozen=True):
    incoming: Incoming
    content: Content


def _prepare(services: Services, body: PlaceFile) -> _Prepared | None:
    """Reads the file outside of the transaction."""
    table = tables.unfiled
    with services.database.read() as connection:
        row = fetch_one(connection, UnfiledRecord, select(table).where(table.c.id == body.unfiled_id))
    if row is None or row.sha256 is None:
        return None
    incoming = _incoming(row, row.sha256)
    return _Prepared(incoming, _content(services, incoming))


@prepared_by(_prepare)
def place_file(transaction: Transaction, body: PlaceFile, context: CommandContext) -> object:
    row = _waiting(transaction, body.unfiled_id)
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    client = directory.by_id(body.client_id)
    if client is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    if row.sha256 is None or not context.services.files.has(row.sha256):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("file.gone"), field="toPlaceId")
    incoming = _incoming(row, row.sha256)
    prepared = context.prepared
    if not isinstance(prepared, _Prepared) or prepared.incoming != incoming:
        raise Outdated
    content = prepared.content
    placed = placed_by_hand(content, client, body.folder, directory)
    filed = document_intake.file(transaction, context.services, incoming, content, (placed,), remember_accounts=False)
    (taken,) = filed.documents
    _record(transaction, row, FileOutcome.TAKEN if filed.is_new else FileOutcome.KNOWN)
    learned = what_is_learned(unfiled_of(row), body.folder) if body.remember else None
    rule = (
        filing_rules.learn(transaction, learned, row.source, client, body.folder, context.user_id) if learned else None
    )
    placement = Placement(
        document_id=taken.document_id, outcome=str(taken.outcome), rule=rule_of(rule) if rule is not None else None
    )
    return msgspec.to_builtins(placement)


def dismiss_unfiled(transaction: Transaction, body: DismissUnfiled, context: CommandContext) -> object:
    """Removes unfiled documents from the list; their files stay stored.

    Returns:
        `{"dismissed": n}`
    """
    rows = [_waiting(transaction, unfiled_id) for unfiled_id in dict.fromkeys(body.unfiled_ids)]
    for row in rows:
        unfiled.remove(transaction, row.id)
        _record(transaction, row, FileOutcome.DISMISSED)
    return {"dismissed": len(rows)}


def add_rule(transaction: Transaction, body: AddRule, context: CommandContext) -> object:
    """Adds a rule on mails. What waits is tried again.

    Returns:
        The rule.
    """
    text = filing_rules.comparable(body.match)
    if body.kind not in MAIL_RULES or len(text) < SHORTEST_MAIL_RULE:
        raise CommandRefused(ProblemType.REFUSED, message("rule.unusable", limit=SHORTEST_MAIL_RULE), field="match")
    client = ClientDirectory(transaction.connection, transaction.space_id).by_id(body.client_id)
    if client is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    learned = Learned(kind=body.kind, match=text)
    row = filing_rules.learn(transaction, learned, "", client, body.folder, context.user_id)
    assert row is not None, "only numbers can be those of others"
    return msgspec.to_builtins(rule_of(row))


def remove_rule(transaction: Transaction, body: RemoveRule, context: CommandContext) -> object:
    """Removes a filing rule. Documents filed by it stay in place."""
    table = tables.rule
    mine = select(table).where(table.c.id == body.rule_id, table.c.space_id == transaction.space_id)
    row = fetch_one(transaction, RuleRecord, mine)
    if row is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("rule.gone"), field="ruleId")
    filing_rules.remove(transaction, row)
    return {"ruleId": body.rule_id}


HANDLERS: Final[dict[type[Value], Handler]] = {
    PlaceFile: place_file,
    DismissUnfiled: dismiss_unfiled,
    AddRule: add_rule,
    RemoveRule: remove_rule,
}


def _waiting(transaction: Transaction, unfiled_id: str) -> UnfiledRecord:
    row = unfiled.found(transaction, unfiled_id)
    if row is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("placing.waits-no-longer"), field="toPlaceId")
    return row


def _incoming(row: UnfiledRecord, sha256: str) -> Incoming:
    if row.arrival is not None:
        return _arrival.decode(row.arrival)
    name = row.file_name.rpartition("/")[2]
    return Incoming(
        sha256=sha256,
        file_name=safe_file_name(name),
        path=row.file_name,
        source=row.source,
        source_id=row.source_id,
    )


def _opened(services: Services, incoming: Incoming) -> tuple[ArrivedPart, ...]:
    """Returns the parts of the file; none if it cannot be opened now."""
    try:
        return arrivals.opened(services, incoming)
    except (ReaderNotAvailable, OSError):
        return ()


def _content(services: Services, incoming: Incoming) -> Content:
    """Returns the content of the file. One that cannot be read is placed as it is, as is a whole container."""
    parts = _opened(services, incoming)
    return (parts[0].content if len(parts) == 1 and parts[0].arrival is incoming else None) or _NOT_READ


# Counts of the source


def _record(transaction: Transaction, row: UnfiledRecord, outcome: FileOutcome) -> None:
    """Updates the file's record, so that its source no longer counts it as refused."""
    file, source = tables.source_file, tables.source
    if row.source_id is None:
        return
    arrived = _incoming(row, row.sha256).container if row.sha256 else None
    if arrived is not None and _waits_on(transaction, arrived.sha256):
        return
    sha256 = arrived.sha256 if arrived else row.sha256
    same = file.c.sha256 == sha256 if sha256 else file.c.path == row.file_name
    mine = (file.c.source_id == row.source_id, same)
    waited = file.c.outcome.in_([str(one) for one in source_files.REFUSED])
    number = transaction.execute(update(file).where(*mine, waited).values(outcome=str(outcome))).rowcount
    taken = (outcome is FileOutcome.TAKEN) * 1
    counted = {"refused": source.c.refused - number, "taken": source.c.taken + taken}
    if transaction.execute(update(source).where(source.c.id == row.source_id).values(counted)).rowcount:
        transaction.changed(EntityKind.SOURCE, row.source_id)


def _waits_on(transaction: Transaction, container: str) -> bool:
    """Tells whether other files of the container are still unfiled."""
    table = tables.unfiled
    mine = (table.c.space_id == transaction.space_id, table.c.container.is_not(None))
    waiting = transaction.execute(select(table.c.arrival).where(*mine)).scalars()
    places = (_any_arrival.decode(arrival).container for arrival in waiting)
    return any(place is not None and place.sha256 == container for place in places)


# Retry


def knowledge(services: Services) -> Knowledge:
    """Returns a value that changes when there are more keys or rules by which a document could be filed."""
    client, key, rule = tables.client, tables.client_key, tables.rule
    with services.database.read() as connection:
        keys = connection.execute(select(func.count()).where(key.c.space_id == services.space_id)).scalar_one()
        # A number of a client that is replaced by another one does not change the number of keys.
        changed = connection.execute(
            select(func.max(client.c.seq)).where(client.c.space_id == services.space_id)
        ).scalar_one()
        newest, number = connection.execute(
            select(func.max(rule.c.at), func.count()).where(rule.c.space_id == services.space_id)
        ).one()
    return int(keys), int(changed or 0), str(newest) if newest else None, int(number)


def retry_pictures(services: Services, since: datetime) -> None:
    """Tries the unfiled PDFs again that may be pictures of e-invoices that came since then."""
    with services.database.read() as connection:
        if connection.execute(select(tables.unfiled.c.id).limit(1)).first() is None:
            return
        waiting = twins.waiting_for(connection, services.space_id, since)
    if waiting:
        retry(services, lambda: False, only=waiting)


def retry(services: Services, stopped: Callable[[], bool], *, only: Collection[str] | None = None) -> None:
    """Tries again to file the unfiled documents, or only those with these ids."""
    table = tables.unfiled
    mine = [table.c.space_id == services.space_id, table.c.sha256.is_not(None)]
    if only is not None:
        mine.append(table.c.id.in_(only))
    with services.database.read() as connection:
        rows = fetch_all(connection, UnfiledRecord, select(table).where(*mine).order_by(table.c.at))
    for row in rows:
        if stopped():
            return
        parts = _opened(services, _with_account(services, row, _incoming(row, row.sha256 or "")))
        if any(part.content is not None for part in parts):
            with services.database.write(services.space_id) as transaction:
                _retry_one(transaction, services, row, parts)


def _retry_one(
    transaction: Transaction, services: Services, row: UnfiledRecord, parts: tuple[ArrivedPart, ...]
) -> None:
    if unfiled.found(transaction, row.id) is None:
        return
    taken = arrivals.take(transaction, services, parts)
    is_container = parts[0].arrival.container is not None and row.container is None
    if is_container or not taken.waiting:
        unfiled.remove(transaction, row.id)
        _record(transaction, row, FileOutcome.TAKEN if taken.is_new else FileOutcome.KNOWN)


def _with_account(services: Services, row: UnfiledRecord, incoming: Incoming) -> Incoming:
    """Returns the file with client and folder of its drop account, for rows that do not say them."""
    if row.arrival is not None:
        return incoming
    account = tables.drop_account
    name = row.source.removeprefix("sftp ")
    mine = select(account).where(account.c.source_id == row.source_id, account.c.name == name)
    with services.database.read() as connection:
        found = fetch_one(connection, DropAccountRecord, mine)
    if found is None:
        return incoming
    folder = Folder(found.folder) if found.folder else None
    return msgspec.structs.replace(incoming, client_id=found.client_id, folder=folder, bound=True)
