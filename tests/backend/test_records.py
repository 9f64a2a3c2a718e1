"""Rows of the tables are typed as the tables are."""

from datetime import date, datetime
from typing import Any, get_type_hints

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, String

from banqup_tui.backend.db import records
from banqup_tui.backend.db.records import BaseRecord
from banqup_tui.backend.db.tables.basis import MessagesText, MessageText, UtcTime
from banqup_tui.domain.messages import Message

OF_TABLES = [one for one in vars(records).values() if isinstance(one, type) and "TABLE" in vars(one)]
PLAIN: dict[type[Any], type[Any]] = {
    UtcTime: datetime, Date: date, MessageText: Message, Boolean: bool, Integer: int, LargeBinary: bytes, String: str,
}  # fmt: skip


@pytest.mark.parametrize("record", OF_TABLES, ids=lambda one: one.__name__)
def test_a_record_has_the_columns_of_its_table_in_their_order_and_types(record: type[BaseRecord]) -> None:
    """The fields are filled by position: in another order a value would stand in the wrong one."""
    hints = get_type_hints(record)
    assert list(record.__struct_fields__) == [column.key for column in table_of(record).columns]
    assert {column.key: hints[column.key] for column in table_of(record).columns} == {
        column.key: _type_of(column) for column in table_of(record).columns
    }


def table_of(record: Any) -> Any:
    return record.TABLE


def _type_of(column: Column[Any]) -> Any:
    if isinstance(column.type, MessagesText):
        return tuple[Message, ...]
    plain = next(of for kind, of in PLAIN.items() if isinstance(column.type, kind))
    return plain | None if column.nullable else plain
