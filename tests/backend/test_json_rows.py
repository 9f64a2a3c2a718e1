"""Many rows in one statement come out as they went in, whatever stands in them."""

from hypothesis import given as examples
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param

row = Table(
    "row",
    MetaData(),
    Column("id", String(36), primary_key=True),
    Column("text", Text),
    Column("number", Integer),
    Column("yes", Boolean),
    Column("same", Text),
)
INSERT = insert(row).from_select(
    ["id", "text", "number", "yes", "same"],
    select(row_field(0, String), row_field(1, Text), row_field(2, Integer), row_field(3, Boolean), bindparam("same")),
)
UPDATE = update(row).where(row.c.id == row_field(0, String)).values(text=row_field(1, Text))
SELECT = select(row).where(in_ids(row.c.id)).order_by(row.c.id)

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROWS = st.dictionaries(
    WORDS, st.tuples(st.none() | WORDS, st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.booleans())
)


@examples(ROWS, WORDS)
def test_rows_of_any_content_are_written_changed_and_found(
    rows: dict[str, tuple[str | None, int | None, bool | None]], same: str
) -> None:
    with create_engine("sqlite://").begin() as connection:
        row.metadata.create_all(connection)
        connection.execute(INSERT, rows_param((of, *rest) for of, rest in rows.items()) | {"same": same})
        found = {one.id: tuple(one)[1:] for one in connection.execute(SELECT, ids_param(rows))}
        assert found == {of: (*rest, same) for of, rest in rows.items()}
        changed = connection.execute(UPDATE, rows_param((of, f"{of}!") for of in rows))
        assert changed.rowcount == len(rows)
        assert {one.id: one.text for one in connection.execute(SELECT, ids_param(rows))} == {
            of: f"{of}!" for of in rows
        }
        assert connection.execute(SELECT, ids_param(["another"])).all() == [] or "another" in rows


def test_postgresql_hears_the_same_in_its_own_words() -> None:
    printed = str(UPDATE.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "json_array_elements(CAST(" in printed
    assert "CAST(json_rows.value ->> 1 AS TEXT)" in printed
    assert "json_extract" not in printed
