"""Sign-ins in the database, open or with their tokens, sealed like settings."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import SignInRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.vault import of_sign_in
from banqup_tui.backend.integrations.oauth.provider import TokenGrant
from banqup_tui.backend.services import Services
from banqup_tui.connectors.interface import Authorization
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import Secret, from_text, revealed
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import EntityKind, SignInState

WAITING_HOURS = 1
RETENTION_DAYS = 30
"""Days after which a sign-in is deleted that was not used and is in no settings in use."""

_table = tables.sign_in


class OpenSignIn(Value, frozen=True, kw_only=True):
    """Data of an open sign-in, needed when the browser comes back."""

    authorization: Authorization
    url: str
    returns_to: str
    state: str
    verifier: Secret


class SignInRow(msgspec.Struct, frozen=True):
    """A row with its content decrypted: `waiting` or `granted`, by `state`. `version` grows with every renewal."""

    id: str
    state: SignInState
    provider: str
    version: int
    waiting: OpenSignIn | None
    granted: TokenGrant | None
    until: datetime | None
    reason: Message | None


_waiting = msgspec.json.Decoder(OpenSignIn, dec_hook=from_text)
_granted = msgspec.json.Decoder(TokenGrant, dec_hook=from_text)


def state_hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def put(transaction: Transaction, services: Services, extension_id: str, provider: str, waiting: OpenSignIn) -> str:
    """Inserts an open sign-in and returns its id."""
    sign_in_id = str(uuid4())
    transaction.execute(
        insert(_table).values(
            id=sign_in_id,
            space_id=transaction.space_id,
            extension_id=extension_id,
            provider=provider,
            state=str(SignInState.WAITING),
            state_hash=state_hash(waiting.state),
            version=0,
            sealed=_sealed(services, sign_in_id, waiting),
            used_at=transaction.now,
        )
    )
    return sign_in_id


def by_id(connection: Connection, services: Services, sign_in_id: str) -> SignInRow | None:
    return _one(connection, services, _table.c.id == sign_in_id)


def by_state(connection: Connection, services: Services, state: str) -> SignInRow | None:
    """Returns the sign-in with this `state` parameter, which the browser brings back."""
    return _one(connection, services, _table.c.state_hash == state_hash(state))


def grant(transaction: Transaction, services: Services, sign_in_id: str, granted: TokenGrant) -> None:
    """Stores the tokens. Does nothing if the sign-in is no longer open."""
    values = {
        "state": str(SignInState.SIGNED_IN),
        "sealed": _sealed(services, sign_in_id, granted),
        "until": granted.until,
    }
    _settle(transaction, sign_in_id, values)


def refuse(transaction: Transaction, sign_in_id: str, reason: Message) -> None:
    """Marks the sign-in as refused and deletes its data. Does nothing if it is no longer open."""
    values = {"state": str(SignInState.REFUSED), "sealed": b"", "reason": reason}
    _settle(transaction, sign_in_id, values)


def renew(transaction: Transaction, services: Services, sign_in_id: str, version: int, granted: TokenGrant) -> bool:
    """Stores renewed tokens, and the new end at the integrations that use them.

    Returns:
        False if somebody else has renewed them meanwhile.
    """
    values = {"sealed": _sealed(services, sign_in_id, granted), "version": version + 1, "used_at": transaction.now}
    if granted.until is not None:
        values["until"] = granted.until
    which = (_table.c.id == sign_in_id, _table.c.version == version)
    if transaction.execute(update(_table).where(*which).values(values)).rowcount != 1:
        return False
    if granted.until is not None:
        _update_integrations(transaction, sign_in_id, granted.until)
    return True


def forget_unused(transaction: Transaction, in_use: frozenset[str]) -> None:
    """Deletes sign-ins that were not finished, and those that no settings name and that were unused for long.

    Args:
        in_use: ids in the firm's settings. Ids in clients' settings are read from their integrations.
    """
    integration = tables.integration
    is_there = integration.c.state != str(IntegrationState.REMOVED)
    named = select(integration.c.sign_in_id).where(integration.c.sign_in_id.is_not(None), is_there)
    never_made = (_table.c.state != str(SignInState.SIGNED_IN)) & (
        _table.c.used_at < transaction.now - timedelta(hours=WAITING_HOURS)
    )
    idle = _table.c.used_at < transaction.now - timedelta(days=RETENTION_DAYS)
    unnamed = _table.c.id.not_in(named) & _table.c.id.not_in(sorted(in_use))
    transaction.execute(delete(_table).where(_table.c.space_id == transaction.space_id, never_made | (idle & unnamed)))


def _settle(transaction: Transaction, sign_in_id: str, values: dict[str, Any]) -> None:
    waits = (_table.c.id == sign_in_id, _table.c.state == str(SignInState.WAITING))
    transaction.execute(update(_table).where(*waits).values({**values, "used_at": transaction.now}))


def _update_integrations(transaction: Transaction, sign_in_id: str, until: datetime) -> None:
    table = tables.integration
    which = (table.c.sign_in_id == sign_in_id, table.c.space_id == transaction.space_id)
    update_integrations = (
        update(table).where(*which).values(sign_in_until=until).returning(table.c.id, table.c.client_id)
    )
    for row in transaction.execute(update_integrations).all():
        transaction.changed(EntityKind.INTEGRATION, row.id, client_id=row.client_id)


def _one(connection: Connection, services: Services, which: ColumnElement[bool]) -> SignInRow | None:
    row = fetch_one(connection, SignInRecord, select(_table).where(which, _table.c.space_id == services.space_id))
    if row is None:
        return None
    state = SignInState(row.state)
    content = revealed(services.vault.open(of_sign_in(row.id), row.sealed)["content"]) if row.sealed else ""
    return SignInRow(
        id=row.id,
        state=state,
        provider=row.provider,
        version=row.version,
        waiting=_waiting.decode(content) if state is SignInState.WAITING else None,
        granted=_granted.decode(content) if state is SignInState.SIGNED_IN else None,
        until=row.until,
        reason=row.reason,
    )


def _sealed(services: Services, sign_in_id: str, content: OpenSignIn | TokenGrant) -> bytes:
    values = {"content": msgspec.json.encode(content, enc_hook=revealed).decode()}
    return services.vault.seal(of_sign_in(sign_in_id), values, ["content"])
