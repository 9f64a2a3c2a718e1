"""Commands that add or remove watched folders, the SFTP drop with its accounts, and the mailbox."""

import os
import re
import uuid
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.backend.intake.host_key import fingerprint_of
from banqup_tui.backend.intake.sftp_drop_files import file_all_waiting
from banqup_tui.backend.paths import DROP_SPOOL, FILES
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Services, prepared_by
from banqup_tui.domain.mailbox_address import WrongMailboxAddress, is_usable_to_move_to, read_address
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.passwords import is_password_hash
from banqup_tui.domain.source import SourceKind
from banqup_tui.domain.values import Value
from banqup_tui.folder_walk import is_own
from banqup_tui.protocol.commands import AddAccount, AddSource, RemoveAccount, RemoveSource
from banqup_tui.protocol.imports import Outcome
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.protocol.problems import ProblemType

MOST_ACCOUNTS: Final = 1_000
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LONGEST_KEY: Final = 4_096


def _prepare_source(services: Services, body: AddSource) -> None:
    """Generates the host key of a drop. Failures are raised when the command runs."""
    try:
        if body.kind is SourceKind.SFTP_DROP:
            fingerprint_of(services.files.home)
    except (OSError, ValueError):
        return


@prepared_by(_prepare_source)
def add_source(transaction: Transaction, body: AddSource, context: CommandContext) -> object:
    """Adds a source.

    Returns:
        `{"sourceId": id, "outcome": "NEW" or "KNOWN"}`
    """
    if body.kind is SourceKind.SFTP_DROP:
        return _add_drop(transaction, body, context)
    if body.kind is SourceKind.MAILBOX:
        return _add_mailbox(transaction, body)
    path = _checked_folder(body.path, context.services)
    table = tables.source
    same = select(table.c.id).where(table.c.space_id == transaction.space_id, table.c.path == str(path))
    known = transaction.execute(same).scalar()
    if known is not None:
        return {"sourceId": known, "outcome": str(Outcome.KNOWN)}
    return _insert(transaction, body, str(path), None)


def _insert(transaction: Transaction, body: AddSource, path: str, fingerprint: str | None) -> object:
    row = {
        "id": body.source_id,
        "space_id": transaction.space_id,
        "kind": str(body.kind),
        "path": path,
        "taken": 0,
        "refused": 0,
        "fingerprint": fingerprint,
        "seq": 0,
    }
    transaction.execute(tables.source.insert(), row)
    transaction.changed(EntityKind.SOURCE, body.source_id)
    return {"sourceId": body.source_id, "outcome": str(Outcome.NEW)}


def _add_drop(transaction: Transaction, body: AddSource, context: CommandContext) -> object:
    """Adds the drop. A space has one: a second address moves it, with its accounts and its host key."""
    address = _checked_address(body.path)
    try:
        fingerprint = fingerprint_of(context.services.files.home)
    except (OSError, ValueError) as error:
        raise CommandRefused(ProblemType.REFUSED, message("source.host-key-unusable", quote=str(error))) from None
    table = tables.source
    same = select(table).where(table.c.space_id == transaction.space_id, table.c.kind == str(SourceKind.SFTP_DROP))
    known = transaction.execute(same).first()
    if known is None:
        return _insert(transaction, body, address, fingerprint)
    moved = {"path": address, "fingerprint": fingerprint, "problems": None}
    transaction.execute(update(table).where(table.c.id == known.id).values(moved))
    transaction.changed(EntityKind.SOURCE, known.id)
    return {"sourceId": known.id, "outcome": str(Outcome.KNOWN)}


def _add_mailbox(transaction: Transaction, body: AddSource) -> object:
    """Adds the mailbox. A space has one: another address moves it, and needs its password anew."""
    try:
        address = read_address(body.path)
    except WrongMailboxAddress as error:
        raise CommandRefused(ProblemType.REFUSED, error.message, field="path") from None
    table, mailbox = tables.source, tables.mailbox
    same = select(table).where(table.c.space_id == transaction.space_id, table.c.kind == str(SourceKind.MAILBOX))
    known = transaction.execute(same).first()
    move_to = (
        (body.move_to or None)
        if body.move_to is not None or known is None
        else (transaction.execute(select(mailbox.c.move_to).where(mailbox.c.id == known.id)).scalar())
    )
    if move_to is not None and not is_usable_to_move_to(move_to, address):
        raise CommandRefused(ProblemType.REFUSED, message("mailbox.move-to-unusable", folder=move_to), field="moveTo")
    if known is None:
        row = {"id": body.source_id, "space_id": transaction.space_id, "since": body.since, "move_to": move_to}
        transaction.execute(mailbox.insert(), row)
        return _insert(transaction, body, address.text, None)
    of_it = update(mailbox).where(mailbox.c.id == known.id)
    transaction.execute(of_it.values(move_to=move_to))
    if body.since is not None:
        transaction.execute(of_it.values(since=body.since, last_uid=0))
    if known.path != address.text:
        transaction.execute(of_it.values(sealed=None, uid_validity=None, last_uid=0, to_mark=None))
        transaction.execute(update(table).where(table.c.id == known.id).values(path=address.text, problems=None))
    transaction.changed(EntityKind.SOURCE, known.id)
    return {"sourceId": known.id, "outcome": str(Outcome.KNOWN)}


def _checked_address(text: str) -> str:
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or not 0 < int(match[2]) < 65_536:
        raise CommandRefused(ProblemType.REFUSED, message("source.no-address", text=text), field="path")
    return text.strip()


def _checked_folder(text: str, services: Services) -> Path:
    """Returns the folder with symbolic links resolved, so that a later change of a link does not change the folder."""

    def refuse(code: str) -> CommandRefused:
        return CommandRefused(ProblemType.REFUSED, message(code, path=text), field="path")

    if not os.path.isabs(text) or "\0" in text:
        raise refuse("source.no-full-path")
    path = Path(os.path.realpath(text))
    if not path.is_dir():
        raise refuse("source.no-folder-there")
    if not os.access(path, os.R_OK | os.X_OK):
        raise refuse("source.folder-not-readable")
    home = services.files.home.resolve()
    own = (home / FILES, home / DROP_SPOOL)
    if is_own(path) or any(one.is_relative_to(path) or path.is_relative_to(one) for one in own):
        raise refuse("source.holds-own-files")
    return path


def remove_source(transaction: Transaction, body: RemoveSource, context: CommandContext) -> object:
    """Removes a source. The documents that came from it stay, also the unfiled ones."""
    table = tables.source
    file_all_waiting(transaction, context.services, body.source_id)
    found = transaction.execute(
        delete(table).where(table.c.id == body.source_id, table.c.space_id == transaction.space_id)
    )
    if found.rowcount == 0:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("source.gone"), field="sourceId")
    transaction.execute(delete(tables.mailbox).where(tables.mailbox.c.id == body.source_id))
    transaction.execute(delete(tables.source_file).where(tables.source_file.c.source_id == body.source_id))
    transaction.execute(delete(tables.drop_account).where(tables.drop_account.c.source_id == body.source_id))
    transaction.changed(EntityKind.SOURCE, body.source_id, op=Op.DELETE)
    return {"sourceId": body.source_id}


def add_account(transaction: Transaction, body: AddAccount, context: CommandContext) -> object:
    """Adds an account with either `secret` or `public_key`.

    Returns:
        `{"accountId": id}`
    """
    _check_account(transaction, body)
    row = {
        "id": _uuid(body.account_id),
        "space_id": transaction.space_id,
        "source_id": body.source_id,
        "name": body.name,
        "client_id": body.client_id,
        "folder": str(body.folder) if body.folder else None,
        "secret": body.secret,
        "public_key": body.public_key.strip() if body.public_key else None,
        "at": transaction.now,
    }
    transaction.execute(tables.drop_account.insert(), row)
    transaction.changed(EntityKind.SOURCE, body.source_id)
    return {"accountId": row["id"]}


def _check_account(transaction: Transaction, body: AddAccount) -> None:
    source, account = tables.source, tables.drop_account
    of_drop = (source.c.id == body.source_id, source.c.kind == str(SourceKind.SFTP_DROP))
    if (
        transaction.execute(select(source.c.id).where(source.c.space_id == transaction.space_id, *of_drop)).first()
        is None
    ):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("source.no-drop"), field="sourceId")
    if not _NAME.fullmatch(body.name):
        raise CommandRefused(ProblemType.REFUSED, Message("account.name-unusable"), field="name")
    names = transaction.execute(select(account.c.name).where(account.c.source_id == body.source_id)).scalars().all()
    if body.name in names:
        raise CommandRefused(ProblemType.REFUSED, message("account.name-taken", name=body.name), field="name")
    if len(names) >= MOST_ACCOUNTS:
        raise CommandRefused(ProblemType.REFUSED, message("account.too-many", limit=MOST_ACCOUNTS), field="name")
    if body.client_id and ClientDirectory(transaction.connection, transaction.space_id).by_id(body.client_id) is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    _check_credentials(body)


def _check_credentials(body: AddAccount) -> None:
    if (body.secret is None) == (body.public_key is None):
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("account.needs-one-way-in"), field="secret")
    if body.secret is not None and not is_password_hash(body.secret):
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("account.hash-unknown"), field="secret")
    if body.public_key is not None and not _is_public_key(body.public_key.strip()):
        raise CommandRefused(ProblemType.REFUSED, Message("account.no-public-key"), field="publicKey")


def _is_public_key(line: str) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    if len(line) > _LONGEST_KEY or "\n" in line:
        return False
    try:
        load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def remove_account(transaction: Transaction, body: RemoveAccount, context: CommandContext) -> object:
    """Removes an account; its open connections are closed."""
    account = tables.drop_account
    mine = (account.c.id == body.account_id, account.c.space_id == transaction.space_id)
    found = transaction.execute(select(account).where(*mine)).first()
    if found is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("account.gone"), field="accountId")
    file_all_waiting(transaction, context.services, found.source_id)
    transaction.execute(delete(account).where(*mine))
    transaction.changed(EntityKind.SOURCE, found.source_id)
    return {"accountId": body.account_id}


def _uuid(text: str) -> str:
    """Returns the id in canonical form, as it becomes the name of a directory."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("account.id-no-uuid"), field="accountId") from None


HANDLERS: Final[dict[type[Value], Handler]] = {
    AddSource: add_source,
    RemoveSource: remove_source,
    AddAccount: add_account,
    RemoveAccount: remove_account,
}
