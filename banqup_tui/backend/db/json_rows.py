"""Statements over many rows that are passed to the database as one JSON parameter.

A statement that runs once for each row releases and takes the interpreter's lock for each row, and waits whenever the
event loop runs. A statement with a parameter for each row is compiled and parsed anew for every number of rows. Under
load either takes most of a transaction's time.

    update(document).where(document.c.id == row_field(0, String)).values(seq=row_field(1, Integer))

runs with `rows_param(pairs)` as its parameters, merged with any others. This works on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, String, Text, bindparam, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

_NAME = "json_rows"
_encode = msgspec.json.Encoder().encode


def rows_param(rows: Iterable[Sequence[str | int | bool | None]]) -> dict[str, object]:
    """Returns the parameter with the rows that `row_field` reads. Times are passed as text made by `tables.stamp`."""
    return {_NAME: _encode(list(rows)).decode()}


def ids_param(identifiers: Iterable[str]) -> dict[str, object]:
    """Returns the parameter with the ids that `in_ids` reads."""
    return rows_param((one,) for one in identifiers)


def row_field(position: int, kind: type[TypeEngine[Any]]) -> ColumnElement[object]:
    """Returns the expression for the field at `position` (from 0) of the current row, as a value of type `kind`."""
    return _field(_ROWS.c.value, literal_column(str(position)), type_=kind())


def in_ids(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Returns the condition that `column` is one of the ids of `ids_param`."""
    return column.in_(select(row_field(0, String)))


class _each(GenericFunction[object]):
    name = "banqup_each_row"
    inherit_cache = True


class _field(GenericFunction[object]):
    name = "banqup_field"
    inherit_cache = True


@compiles(_each)
def _each_of_sqlite(element: _each, compiler: SQLCompiler, **words: object) -> str:
    return f"json_each({compiler.process(element.clauses, **words)})"


@compiles(_each, "postgresql")
def _each_of_postgresql(element: _each, compiler: SQLCompiler, **words: object) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **words)} AS json))"


@compiles(_field)
def _field_of_sqlite(element: _field, compiler: SQLCompiler, **words: object) -> str:
    row, position = element.clauses
    return f"json_extract({compiler.process(row, **words)}, '$[{position.name}]')"


@compiles(_field, "postgresql")
def _field_of_postgresql(element: _field, compiler: SQLCompiler, **words: object) -> str:
    row, position = element.clauses
    kind = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({compiler.process(row, **words)} ->> {position.name} AS {kind})"


_ROWS = _each(bindparam(_NAME, type_=Text())).table_valued("value", name=_NAME)
