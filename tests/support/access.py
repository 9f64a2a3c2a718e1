"""Which clients the user of a home sees: written beside its backend, each change in one transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import and_, delete, insert, select, update

from banqup_tui.app_dirs import AppDirs
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.db.transaction import Database, Transaction, sqlite_engine
from banqup_tui.backend.paths import DATABASE_FILE
from banqup_tui.domain.space import Role
from banqup_tui.protocol.messages import EntityKind, Op


class Access:
    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._space_id = str(connection.execute(select(tables.space.c.id)).scalar_one())

    def only(self, client_ids: Iterable[str]) -> None:
        """The administrator is now an accountant of these: a copy from before begins anew."""
        member = tables.member
        role = {"role": str(Role.ACCOUNTANT), "role_version": member.c.role_version + 1}
        with self._database.write(self._space_id) as transaction:
            transaction.execute(update(member).where(member.c.user_id == LOCAL_USER).values(role))
            for client_id in client_ids:
                transaction.execute(insert(tables.access).values(self._row(client_id)))

    def revoke(self, client_id: str) -> None:
        table = tables.access
        with self._database.write(self._space_id) as transaction:
            gone = transaction.execute(
                delete(table).where(and_(*(table.c[name] == value for name, value in self._row(client_id).items())))
            )
            assert gone.rowcount == 1
            self._changed(transaction, client_id, Op.REVOKED)

    def grant(self, client_id: str) -> None:
        with self._database.write(self._space_id) as transaction:
            transaction.execute(insert(tables.access).values(self._row(client_id)))
            self._changed(transaction, client_id, Op.GRANTED)

    def _row(self, client_id: str) -> dict[str, str]:
        return {"space_id": self._space_id, "user_id": LOCAL_USER, "client_id": client_id}

    def _changed(self, transaction: Transaction, client_id: str, op: Op) -> None:
        transaction.changed(
            EntityKind.ACCESS, f"{LOCAL_USER}:{client_id}", client_id=client_id, user_id=LOCAL_USER, op=op
        )


@contextmanager
def access_in(dirs: AppDirs) -> Iterator[Access]:
    database = Database(sqlite_engine(str(dirs.backend / DATABASE_FILE)))
    try:
        yield Access(database)
    finally:
        database.engine.dispose()
