"""The user of a request and the clients that the user may see."""

from sqlalchemy import ColumnElement, Connection, select, true

from banqup_tui.backend.db import tables
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.messages import Message
from banqup_tui.domain.space import Role
from banqup_tui.domain.values import Value
from banqup_tui.protocol.problems import ProblemType


class Visitor(Value, frozen=True, kw_only=True):
    """A user with a role. `clients`: ids of visible clients; `None` if all are visible."""

    user_id: str
    role: Role
    role_version: int
    clients: frozenset[str] | None = None

    def sees_client(self, client_id: str | None) -> bool:
        return self.clients is None or (client_id is not None and client_id in self.clients)

    @property
    def sees_documents(self) -> bool:
        return self.role is not Role.CLIENT_MANAGER

    def only_visible(self, client_column: ColumnElement[str]) -> ColumnElement[bool]:
        return true() if self.clients is None else client_column.in_(sorted(self.clients))


def visitor(connection: Connection, space_id: str, user_id: str) -> Visitor:
    """Reads the user from the snapshot of `connection`. Raises `RequestFailure` (403) for a user outside the space."""
    member = tables.member
    row = connection.execute(
        select(member.c.role, member.c.role_version).where(member.c.space_id == space_id, member.c.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise RequestFailure(ProblemType.FORBIDDEN, Message("request.not-of-this-space"))
    role = Role(row.role)
    clients = _assigned(connection, space_id, user_id) if role is Role.ACCOUNTANT else None
    return Visitor(user_id=user_id, role=role, role_version=row.role_version, clients=clients)


def _assigned(connection: Connection, space_id: str, user_id: str) -> frozenset[str]:
    access = tables.access
    rows = connection.execute(
        select(access.c.client_id).where(access.c.space_id == space_id, access.c.user_id == user_id)
    )
    return frozenset(rows.scalars())
