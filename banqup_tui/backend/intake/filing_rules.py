"""Filing rules: a number or a path that belongs to a client, learned from placements by hand, and rules on mails.

A learned rule is applied only if the sorter finds no client, so it never overrules the client's own numbers. A rule on
mails binds as an account of the drop does: what contradicts it waits.
"""

import uuid

from sqlalchemy import Connection, delete, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import RuleRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.origin import Arrival
from banqup_tui.domain.search_words import folded
from banqup_tui.domain.source import MAIL_RULES, Learned, RuleKind
from banqup_tui.domain.text import clean
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.sources.sorter import Hints, Unplaced


def for_path(connection: Connection, space_id: str, incoming: Arrival) -> Hints | None:
    """Returns hints of the rule with the longest matching path. The sorter still compares them with the content."""
    if not incoming.path:
        return None
    table = tables.rule
    mine = (
        table.c.space_id == space_id,
        table.c.kind == str(RuleKind.PATH),
        table.c.source == incoming.source,
    )
    path = clean(incoming.path)
    fitting = [
        row for row in fetch_all(connection, RuleRecord, select(table).where(*mine)) if path.startswith(f"{row.match}/")
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda row: len(row.match))
    client = ClientDirectory(connection, space_id).by_id(best.client_id)
    return Hints(client=client, folder=Folder(best.folder) if best.folder else None) if client else None


def for_mail(connection: Connection, space_id: str, incoming: Arrival) -> Hints | Unplaced | None:
    """Returns client and folder by the rules on mails that fit; why it waits if they lead to different ones."""
    mail = incoming.mail
    if mail is None:
        return None
    texts = {
        RuleKind.SENDER: comparable(mail.sender),
        RuleKind.RECIPIENT: comparable("\n".join(mail.recipients)),
        RuleKind.SUBJECT: comparable(mail.subject),
    }
    table = tables.rule
    mine = (table.c.space_id == space_id, table.c.kind.in_([str(kind) for kind in MAIL_RULES]))
    rows = fetch_all(connection, RuleRecord, select(table).where(*mine).order_by(table.c.at))
    fitting = [row for row in rows if row.match in texts[RuleKind(row.kind)]]
    directory = ClientDirectory(connection, space_id)
    clients = {row.client_id: client for row in fitting if (client := directory.by_id(row.client_id)) is not None}
    folders = {row.folder for row in fitting if row.client_id in clients and row.folder}
    if len(clients) > 1 or len(folders) > 1:
        names = ", ".join(clean(client.name) for client in clients.values())
        return Unplaced(reason=message("placing.mail-rules-differ", names=names))
    folder = Folder(folders.pop()) if folders else None
    return Hints(client=next(iter(clients.values())), folder=folder, bound=True) if clients else None


def comparable(text: str) -> str:
    """Returns a text of a mail without case, accents and repeated blanks."""
    return folded(clean(text))


def learn(
    transaction: Transaction, learned: Learned, source: str, client: Client, folder: Folder | None, user_id: str | None
) -> RuleRecord | None:
    """Stores a rule, in place of one for the same number, path or text.

    Returns `None` if the number is another client's.
    """
    by_number = learned.kind is RuleKind.IDENTIFIER
    if by_number and _is_of_others(transaction.connection, transaction.space_id, learned.match, client):
        return None
    table = tables.rule
    where = source if learned.kind is RuleKind.PATH else ""
    same = (
        table.c.space_id == transaction.space_id,
        table.c.kind == str(learned.kind),
        table.c.source == where,
        table.c.match == learned.match,
    )
    before = fetch_one(transaction, RuleRecord, select(table).where(*same))
    if before is not None:
        remove(transaction, before)
    rule_id = str(uuid.uuid4())
    row = {
        "id": rule_id,
        "space_id": transaction.space_id,
        "kind": str(learned.kind),
        "match": learned.match,
        "source": where,
        "client_id": client.id,
        "folder": None if by_number or folder is None else str(folder),
        "by": user_id,
        "at": transaction.now,
        "seq": 0,
    }
    transaction.execute(table.insert(), row)
    transaction.changed(EntityKind.RULE, rule_id, client_id=client.id)
    return fetch_one(transaction, RuleRecord, select(table).where(table.c.id == rule_id))


def learn_account(transaction: Transaction, learned: Learned, client: Client) -> None:
    """Stores the rule that an account is a client's, unless the account has a client or a rule already."""
    known = ClientDirectory(transaction.connection, transaction.space_id).clients_for(learned.match)
    if not known:
        learn(transaction, learned, "", client, Folder.ENRICHED_MOVEMENT_REPORTS, None)


def remove(transaction: Transaction, row: RuleRecord) -> None:
    transaction.execute(delete(tables.rule).where(tables.rule.c.id == row.id))
    transaction.changed(EntityKind.RULE, row.id, client_id=row.client_id, op=Op.DELETE)


def _is_of_others(connection: Connection, space_id: str, key: str, client: Client) -> bool:
    known = ClientDirectory(connection, space_id).known_by(key)
    return bool(known) and client.id not in {one.id for one in known}
