"""Reads the rows of SQLite tables page by page, without SQLite, so that a damaged page costs only the rows on it.

SQLite finds a leaf page through the pages above it, so one damaged page hides every row below it. The file format
(https://www.sqlite.org/fileformat2.html) lets each leaf page be read by itself. A leaf does not name its table, so
callers choose rows by the number and types of their columns.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from banqup_tui.store.faults import local_faults

Values = tuple[object, ...]

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 13, 10, 2
_DEFAULT_PAGE = 4096
_WAL_HEADER, _FRAME_HEADER = 32, 24
_MOST_COLUMNS = 200
_UNREADABLE = (IndexError, ValueError, OverflowError, struct.error)


class Pages:
    """The pages of a database file and its write-ahead log, read whole when the object is made; raises `LocalFault`."""

    def __init__(self, path: Path) -> None:
        wal = path.with_name(f"{path.name}-wal")
        with local_faults(path):
            self._content = path.read_bytes()
            log = wal.read_bytes() if wal.exists() else b""
        self._size = _page_size(self._content)
        reserved = self._content[20] if len(self._content) > 20 else 0
        self._usable = self._size - (reserved if reserved <= self._size - 480 else 0)
        self._newer = _committed(log, self._size)

    def table_rows(self) -> Iterator[tuple[int, Values]]:
        """Yields rowid and values of every readable row of every table. The column of the rowid is `None` in values."""
        for number, page in self._each():
            if kind_of(page, number) == _TABLE_LEAF:
                for at in _cells(page, number, 8):
                    try:
                        yield self._row(page, at)
                    except _UNREADABLE:
                        continue

    def index_rows(self) -> Iterator[Values]:
        """Yields the values of every readable entry of every index."""
        for number, page in self._each():
            kind = kind_of(page, number)
            if kind in (_INDEX_LEAF, _INDEX_INNER):
                for at in _cells(page, number, 8 if kind == _INDEX_LEAF else 12):
                    try:
                        yield self._entry(page, at if kind == _INDEX_LEAF else at + 4)
                    except _UNREADABLE:
                        continue

    def _each(self) -> Iterator[tuple[int, bytes]]:
        last = max([len(self._content) // self._size, *self._newer])
        for number in range(1, last + 1):
            if page := self._page(number):
                yield number, page

    def _page(self, number: int) -> bytes:
        newer = self._newer.get(number)
        if newer is not None:
            return newer
        page = self._content[(number - 1) * self._size : number * self._size]
        return page if len(page) == self._size else b""

    def _row(self, page: bytes, at: int) -> tuple[int, Values]:
        length, at = _varint(page, at)
        rowid, at = _varint(page, at)
        payload = self._payload(page, at, length, self._usable - 35)
        return rowid - (1 << 64) if rowid >= 1 << 63 else rowid, _record(payload)

    def _entry(self, page: bytes, at: int) -> Values:
        length, at = _varint(page, at)
        return _record(self._payload(page, at, length, (self._usable - 12) * 64 // 255 - 23))

    def _payload(self, page: bytes, at: int, length: int, most: int) -> bytes:
        """Returns the payload of a cell, with its overflow pages (file format, 1.6 "Cell Payload Overflow Pages")."""
        if length <= most:
            return _part(page, at, length)
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self._usable - 4)
        local = local if local <= most else least
        parts = [_part(page, at, local)]
        following = struct.unpack_from(">I", page, at + local)[0]
        left = length - local
        if left > len(self._content) + len(self._newer) * self._size:
            raise ValueError("longer than the file")
        while left > 0:
            overflow = self._page(following) if following else b""
            part = _part(overflow, 4, min(left, self._usable - 4))
            parts.append(part)
            left -= len(part)
            following = struct.unpack_from(">I", overflow, 0)[0]
        return b"".join(parts)


def kind_of(page: bytes, number: int) -> int:
    """Returns the type of a b-tree page. The first page begins with the 100 bytes of the database header."""
    return page[100 if number == 1 else 0]


def _page_size(content: bytes) -> int:
    size = int.from_bytes(content[16:18], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else _DEFAULT_PAGE


def _committed(log: bytes, size: int) -> dict[int, bytes]:
    """Returns the newest committed content of each page in the log.

    Frames with other salts than the header's were written before the log was last reset (file format, 4.1).
    """
    newest: dict[int, bytes] = {}
    open_: dict[int, bytes] = {}
    salts = log[16:24]
    for at in range(_WAL_HEADER, len(log) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        number, commit = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] != salts or not number:
            continue
        open_[number] = log[at + _FRAME_HEADER : at + _FRAME_HEADER + size]
        if commit:
            newest.update(open_)
            open_.clear()
    return newest


def _cells(page: bytes, number: int, header: int) -> list[int]:
    start = 100 if number == 1 else 0
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    pointers = page[start + header : start + header + 2 * count]
    found = (int.from_bytes(pointers[at : at + 2], "big") for at in range(0, len(pointers) - 1, 2))
    return [at for at in found if at < len(page)]


def _record(payload: bytes) -> Values:
    length, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < length:
        kind, at = _varint(payload, at)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise ValueError("too many columns")
    values: list[object] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


_LENGTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _value(payload: bytes, at: int, kind: int) -> tuple[object, int]:
    if kind in (10, 11):
        raise ValueError("a reserved type")
    length = _LENGTHS[kind] if kind < 10 else (kind - 12) // 2
    raw = _part(payload, at, length)
    if kind >= 12:
        return (raw.decode() if kind % 2 else raw), at + length
    if kind == 7:
        return struct.unpack(">d", raw)[0], at + length
    if kind in (0, 8, 9):
        return (None, 0, 1)[0 if kind == 0 else kind - 7], at
    return int.from_bytes(raw, "big", signed=True), at + length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    for _ in range(8):
        byte = content[at]
        at += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at
    return number << 8 | content[at], at + 1


def _part(content: bytes, at: int, length: int) -> bytes:
    part = content[at : at + length]
    if len(part) != length or length < 0:
        raise ValueError("beyond the page")
    return part
