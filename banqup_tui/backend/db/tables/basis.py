"""The common metadata of the tables, and column types for times and messages."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, Dialect, MetaData, String, Table, Text, TypeDecorator, event

from banqup_tui.domain.messages import Message

metadata = MetaData()


@event.listens_for(Table, "before_create")
def _partial_on_postgresql(table: Table, connection: Connection, **_: object) -> None:
    """Makes partial indexes partial on PostgreSQL too.

    `Index(postgresql_where=…)` would import that dialect at every start.
    """
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored as ISO 8601 text in UTC with microseconds.

    The text sorts as the times do, and SQLite has no type that stores the zone.
    """

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class MessageText(TypeDecorator[Message]):
    """A `Message`, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> str | None:
        return as_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:
        return None if value is None else _message.decode(value)


class MessagesText(TypeDecorator[tuple[Message, ...]]):
    """A tuple of `Message`, stored as JSON; an empty one as NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Message, ...] | None, dialect: Dialect) -> str | None:
        return msgspec.json.encode(value).decode() if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Message, ...]:
        return () if value is None else _messages.decode(value)


_messages = msgspec.json.Decoder(tuple[Message, ...])
_message = msgspec.json.Decoder(Message)


def as_text(message: Message | None) -> str | None:
    """Returns a message as `MessageText` stores it, for statements that set the column from JSON."""
    return None if message is None else msgspec.json.encode(message).decode()


@lru_cache(64)
def stamp(value: datetime) -> str:
    """Returns a time as `UtcTime` stores it: `2026-11-24T09:12:00.000000+00:00`.

    The result is cached, because the many rows of a transaction have the same time.
    """
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def utc_now() -> datetime:
    return datetime.now(UTC)
