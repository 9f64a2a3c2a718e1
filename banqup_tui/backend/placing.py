"""Commands about the tray *To place* and what is learned from it; and another try once more is known."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from sqlalchemy import Row, func, select, update

from banqup_tui.backend import intake, rules, source_files, tables, tray
from banqup_tui.backend.clients import ClientDirectory
from banqup_tui.backend.context import Context, Handler, Refused, Services, prepared_by
from banqup_tui.backend.incoming import BY_HAND, Incoming
from banqup_tui.backend.source_files import FileOutcome
from banqup_tui.backend.values import rule_of, to_place_of
from banqup_tui.backend.work import Work
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import PlacingRule, what_is_learned
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.values import Value
from banqup_tui.formats import Content
from banqup_tui.formats.content import ContentKind
from banqup_tui.formats.refusals import ReaderNotAvailable
from banqup_tui.protocol.commands import DismissToPlace, PlaceFile, RemoveRule
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.sources.suggesting import placed_by_hand

_NOT_READ: Final = Content(media_type="application/octet-stream", kind=ContentKind.PLAIN)
Knowledge = tuple[int, str | None, int]


class Placement(Value, frozen=True, kw_only=True):
    """Result of a placement: the document, whether it was there before, and the rule that was made."""

    document_id: str
    outcome: str
    rule: PlacingRule | None = None


# Commands


def _prepare(services: Services, body: PlaceFile) -> None:
    """Reads the file outside of the transaction: what was read lately is not read again."""
    table = tables.to_place
    with services.database.read() as connection:
        row = connection.execute(select(table).where(table.c.id == body.to_place_id)).first()
    if row is not None and row.sha256 is not None:
        _content(services, _incoming(row))


@prepared_by(_prepare)
def place_file(work: Work, body: PlaceFile, context: Context) -> Any:
    row = _waiting(work, body.to_place_id)
    directory = ClientDirectory(work.connection, work.space_id)
    client = directory.by_id(body.client_id)
    if client is None:
        raise Refused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    if row.sha256 is None or not context.services.files.has(row.sha256):
        raise Refused(ProblemType.NOT_FOUND, Message("file.gone"), field="toPlaceId")
    incoming = _incoming(row)
    found = _content(context.services, incoming)
    content = found if isinstance(found, Content) else _NOT_READ
    placed = placed_by_hand(content, client, body.folder, directory)
    filed = intake.file(work, context.services, incoming, content, (placed,), remember_accounts=False)
    (taken,) = filed.documents
    _write_down(work, row, FileOutcome.TAKEN if filed.is_new else FileOutcome.KNOWN)
    learned = what_is_learned(to_place_of(row), body.folder) if body.remember else None
    rule = rules.learn(work, learned, row.source, client, body.folder, context.user_id) if learned else None
    placement = Placement(
        document_id=taken.document_id, outcome=str(taken.outcome), rule=rule_of(rule) if rule is not None else None
    )
    return msgspec.to_builtins(placement)


def dismiss_to_place(work: Work, body: DismissToPlace, context: Context) -> Any:
    """Result: `{"dismissed": n}`. The file stays in the store; nobody is shown it any more."""
    rows = [_waiting(work, tray_id) for tray_id in dict.fromkeys(body.to_place_ids)]
    for row in rows:
        tray.remove(work, row.id)
        _write_down(work, row, FileOutcome.DISMISSED)
    return {"dismissed": len(rows)}


def remove_rule(work: Work, body: RemoveRule, context: Context) -> Any:
    """What was placed by it stays where it is."""
    table = tables.rule
    row = work.execute(select(table).where(table.c.id == body.rule_id, table.c.space_id == work.space_id)).first()
    if row is None:
        raise Refused(ProblemType.NOT_FOUND, Message("rule.gone"), field="ruleId")
    rules.remove(work, row)
    return {"ruleId": body.rule_id}


HANDLERS: Final[dict[type[Value], Handler]] = {
    PlaceFile: place_file,
    DismissToPlace: dismiss_to_place,
    RemoveRule: remove_rule,
}


def _waiting(work: Work, tray_id: str) -> Row[Any]:
    row = tray.found(work, tray_id)
    if row is None:
        raise Refused(ProblemType.NOT_FOUND, Message("placing.waits-no-longer"), field="toPlaceId")
    return row


def _incoming(row: Row[Any]) -> Incoming:
    name = row.file_name.rpartition("/")[2]
    return Incoming(
        sha256=row.sha256,
        file_name=safe_file_name(name),
        path=row.file_name,
        source=row.source,
        source_id=row.source_id,
    )


def _content(services: Services, incoming: Incoming) -> Content | BanqupError | OSError:
    try:
        return source_files.read(services, incoming)
    except (ReaderNotAvailable, OSError) as error:
        return error


# The source that it came by


def _write_down(work: Work, row: Row[Any], outcome: FileOutcome) -> None:
    """The source counts it no longer among what was refused."""
    file, source = tables.source_file, tables.source
    if row.source_id is None:
        return
    same = file.c.sha256 == row.sha256 if row.sha256 else file.c.path == row.file_name
    mine = (file.c.source_id == row.source_id, same)
    waited = file.c.outcome.in_([str(one) for one in source_files.REFUSED])
    number = work.execute(update(file).where(*mine, waited).values(outcome=str(outcome))).rowcount
    taken = (outcome is FileOutcome.TAKEN) * 1
    counted = {"refused": source.c.refused - number, "taken": source.c.taken + taken}
    if work.execute(update(source).where(source.c.id == row.source_id).values(counted)).rowcount:
        work.changed(EntityKind.SOURCE, row.source_id)


# Another try


def knowledge(services: Services) -> Knowledge:
    """Differs from before when there is more by which a file could be placed."""
    key, rule = tables.client_key, tables.rule
    with services.database.read() as connection:
        keys = connection.execute(select(func.count()).where(key.c.space_id == services.space_id)).scalar_one()
        newest, number = connection.execute(
            select(func.max(rule.c.at), func.count()).where(rule.c.space_id == services.space_id)
        ).one()
    return int(keys), str(newest) if newest else None, int(number)


def retry(services: Services, halted: Callable[[], bool]) -> None:
    """What sources brought; an import by hand was refused to whoever asked, and is theirs to repeat."""
    table = tables.to_place
    mine = (table.c.space_id == services.space_id, table.c.source != BY_HAND, table.c.sha256.is_not(None))
    with services.database.read() as connection:
        rows = connection.execute(select(table).where(*mine).order_by(table.c.at)).all()
    for row in rows:
        if halted():
            return
        content = _content(services, _incoming(row))
        if isinstance(content, Content):
            with services.database.write(services.space_id) as work:
                _retry_one(work, services, row, content)


def _retry_one(work: Work, services: Services, row: Row[Any], content: Content) -> None:
    if tray.found(work, row.id) is None:
        return
    taken = intake.take(work, services, _as_it_came(work, row), content)
    if isinstance(taken, intake.Taken):
        _write_down(work, row, FileOutcome.TAKEN if taken.is_new else FileOutcome.KNOWN)


def _as_it_came(work: Work, row: Row[Any]) -> Incoming:
    """With what the account of the drop says, where it is still there."""
    incoming, account = _incoming(row), tables.drop_account
    name = row.source.removeprefix("sftp ")
    found = work.execute(select(account).where(account.c.source_id == row.source_id, account.c.name == name)).first()
    if found is None:
        return incoming
    folder = Folder(found.folder) if found.folder else None
    return msgspec.structs.replace(incoming, client_id=found.client_id, folder=folder, bound=True)
