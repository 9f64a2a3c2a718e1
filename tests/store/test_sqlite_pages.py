"""Rows read page by page are the rows that SQLite reads; of a damaged file, more of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from banqup_tui.store.sqlite_pages import Pages, Values

ROWS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6000),
        st.binary(max_size=9000),
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)),
    ),
    max_size=30,
)


def filled(path: Path, rows: list[Values], *, page_size: int = 4096) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT, bytes BLOB, any)")
    connection.execute("CREATE INDEX t_text ON t (text)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t (text, bytes, any) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    return connection


def read(path: Path) -> dict[int, Values]:
    return {n: values[1:] for n, values in Pages(path).table_rows() if len(values) == 4}


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, page_size=st.sampled_from([512, 1024, 4096]), in_the_log=st.booleans())
def test_rows_of_a_sound_file_are_those_of_sqlite(
    tmp_path_factory: object, rows: list[Values], page_size: int, in_the_log: bool
) -> None:
    path = tmp_path_factory.mktemp("pages") / "rows.sqlite"  # type: ignore[attr-defined]
    with closing(filled(path, rows, page_size=page_size)) as connection:
        if not in_the_log:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        theirs = {row[0]: row[1:] for row in connection.execute("SELECT n, text, bytes, any FROM t")}
        assert read(path) == theirs
        entries = [values for values in Pages(path).index_rows() if len(values) == 2]
        assert sorted(entries, key=repr) == sorted(connection.execute("SELECT text, n FROM t"), key=repr)


def test_a_change_that_was_not_committed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with closing(filled(path, [("a", b"", None)])) as connection:
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t (text, bytes) VALUES (?, ?)", [("b", b"x" * 3000)] * 50)
        assert read(path) == {1: ("a", b"", None)}


def test_with_the_page_above_the_rows_gone_each_row_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    rows: list[Values] = [(f"row {number}", b"x" * 300, number) for number in range(200)]
    with closing(filled(path, rows)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 't'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xa5" * 4096)
    assert list(read(path).values()) == rows


@settings(max_examples=40, deadline=None)
@given(noise=st.binary(min_size=50, max_size=8192), cut=st.integers(0, 40_000))
def test_noise_ends_in_no_error(tmp_path_factory: object, noise: bytes, cut: int) -> None:
    path = tmp_path_factory.mktemp("noise") / "rows.sqlite"  # type: ignore[attr-defined]
    with closing(filled(path, [("row", b"x" * 5000, 1)] * 5)):
        pass
    content = path.read_bytes()
    path.write_bytes(content[:cut] + noise + content[cut + len(noise) :])
    list(Pages(path).table_rows())
    list(Pages(path).index_rows())
