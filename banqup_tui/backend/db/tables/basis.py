"""What every table stands on: one list of them all, partial indexes on both databases, and how times are kept."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Dialect, MetaData, String, Table, Text, TypeDecorator, event

from banqup_tui.domain.messages import Message

metadata = MetaData()


@event.listens_for(Table, "before_create")
def _partial_on_postgresql(table: Table, connection: Connection, **_: Any) -> None:
    """Partial indexes are written with `sqlite_where`: a word for PostgreSQL would load its dialect at each start."""
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as ISO 8601 in UTC with microseconds: sorts as text, and SQLite cannot forget its zone."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class MessageText(TypeDecorator[Message]):
    """A message as the JSON of its code and parameters."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> str | None:
        return as_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Message | None:
        return None if value is None else _message.decode(value)


class MessagesText(TypeDecorator[tuple[Message, ...]]):
    """Messages as JSON; nothing where there are none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Message, ...] | None, dialect: Dialect) -> str | None:
        return msgspec.json.encode(value).decode() if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Message, ...]:
        return () if value is None else _messages.decode(value)


_messages = msgspec.json.Decoder(tuple[Message, ...])
_message = msgspec.json.Decoder(Message)


def as_text(message: Message | None) -> str | None:
    """As a column of messages has it, for a statement that sets it from JSON."""
    return None if message is None else msgspec.json.encode(message).decode()


@lru_cache(64)
def stamp(value: datetime) -> str:
    """The many rows of one transaction bear one time. `2026-11-24T09:12:00.000000+00:00`"""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def utc_now() -> datetime:
    return datetime.now(UTC)
