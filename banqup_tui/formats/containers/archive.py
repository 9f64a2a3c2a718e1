"""Opens ZIP archives (APPNOTE.TXT 6.3) and gzip files (RFC 1952)."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.container import MAX_PART_BYTES, MAX_PARTS, MAX_RATIO, SMALL_BYTES, ContainerKind
from banqup_tui.formats.containers.entries import ContainerEntry, FoundContainer
from banqup_tui.formats.plain import directory_bytes
from banqup_tui.formats.refusals import refuse

_MOST_DIRECTORY = 2**20
"""The most bytes of a directory that is read: 500 files have some 50 kB, with the longest names 300 kB."""

_JUNK = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_ENCRYPTED = 0x1
_UTF8 = 0x800
_CHUNK = 2**16
_MOST_AT_ONCE = 2**23


def open_zip(data: bytes) -> FoundContainer | None:
    """Returns the archive; `None` if it is none, or an office file or another document that is kept in one.

    Raises `UnreadableDocument` for an archive that is cut off, damaged or too large.
    """
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    if _is_cut_off(data):
        raise refuse("file.incomplete", format="ZIP")
    if directory_bytes(data) > _MOST_DIRECTORY:
        raise refuse("file.too-many-parts", limit=MAX_PARTS)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError) as error:
        raise refuse("file.damaged-archive") from error
    if _is_document(entries, data):
        return None
    if sum(entry.compress_size for entry in entries) > len(data):
        raise refuse("file.overlapping-archive")  # entries that share their bytes: a bomb, never an accident
    files = [entry for entry in entries if not _is_junk(entry)]
    if not files:
        raise refuse("file.nothing-inside")
    if len(files) > MAX_PARTS:
        raise refuse("file.too-many-parts", limit=MAX_PARTS)
    return FoundContainer(kind=ContainerKind.ZIP, files=(_taken_out(archive, entry) for entry in files))


def _is_cut_off(data: bytes) -> bool:
    """Returns whether the directory is missing, or is that of an archive inside, which does not begin at byte 0."""
    end = data.rfind(b"PK\x05\x06")
    size, offset = (int.from_bytes(data[end + at : end + at + 4], "little") for at in (12, 16))
    return end < 0 or (0xFFFFFFFF not in (size, offset) and end - size - offset > 0)


def _is_document(entries: list[zipfile.ZipInfo], data: bytes) -> bool:
    """Returns whether the archive is the form of one document: OOXML, OpenDocument, EPUB, ASiC, iWork."""
    names = [entry.filename for entry in entries]
    return (
        "[Content_Types].xml" in names
        or data[30:38] == b"mimetype"
        or any(name.startswith("META-INF/") and "signature" in name.lower() for name in names)
        or any(name.endswith(".iwa") for name in names)
    )


def _is_junk(entry: zipfile.ZipInfo) -> bool:
    """Returns whether the entry is none of the sender's files: a directory, a link, what a desktop leaves behind."""
    *directories, name = entry.filename.replace("\\", "/").split("/")
    return (
        not name
        or "__MACOSX" in directories
        or name.startswith("._")
        or name.lower() in _JUNK
        or stat.S_ISLNK(entry.external_attr >> 16)
    )


def _taken_out(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> ContainerEntry:
    path = _path(entry)
    try:
        return ContainerEntry(name=path, path=path, data=_bytes_of(archive, entry))
    except UnreadableDocument as error:
        return ContainerEntry(name=path, path=path, refusal=error)


def _bytes_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _ENCRYPTED or entry.compress_type == 99:  # 99: AES of WinZip
        raise refuse("file.encrypted-part")
    check_unpacked(entry.file_size, entry.compress_size)
    try:
        with archive.open(entry) as file:
            # The size that the directory states is where `read` ends, and more than that is a wrong checksum.
            return file.read()
    except NotImplementedError as error:
        raise refuse("file.unknown-compression") from error
    except MemoryError as error:  # the dictionary of an LZMA entry may be declared as large as four gigabytes
        raise refuse("file.damaged-archive") from error
    except UnreadableDocument:
        raise
    except Exception as error:  # BadZipFile, zlib.error, LZMAError, EOFError, OSError of bz2, struct.error
        raise refuse("file.damaged-archive") from error


def check_unpacked(size: int, packed: int) -> None:
    """Raises `UnreadableDocument` if a file of so many bytes, from so many, is not unpacked."""
    if size > SMALL_BYTES and size > packed * MAX_RATIO:
        raise refuse("file.compressed-too-much", limit=MAX_RATIO)
    if size > MAX_PART_BYTES:
        raise refuse("file.part-too-large", limit=MAX_PART_BYTES // 2**20)


def _path(entry: zipfile.ZipInfo) -> str:
    """Returns the path in the letters that were meant.

    Without the flag for UTF-8 the bytes are in the code page of the sender's computer, and `zipfile` takes 437, the one
    of the standard. In practice they are UTF-8 too, else 850 (Windows in western Europe), else windows-1252.
    """
    if entry.flag_bits & _UTF8 or entry.orig_filename.isascii():
        return entry.filename
    try:
        raw = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        is_windows = not re.search(rb"[\x80-\x9f]", raw) and re.search(rb"[\xc0-\xff]", raw) is not None
        return raw.decode("cp1252" if is_windows else "cp850", "replace")


def open_gzip(data: bytes, file_name: str) -> FoundContainer | None:
    """Returns the file inside, of all members one after another; `None` if it is no gzip.

    Raises `UnreadableDocument` for one that is cut off, damaged or too large.
    """
    if not data.startswith(b"\x1f\x8b\x08"):
        return None
    name = re.sub(r"\.(?:gz|gzip|z)$", "", file_name, flags=re.IGNORECASE)
    file = ContainerEntry(name=name if name != file_name else _stored_name(data) or name, data=_gunzipped(data))
    return FoundContainer(kind=ContainerKind.GZIP, files=iter((file,)))


def _gunzipped(data: bytes) -> bytes:
    pieces = list(_pieces(data))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yields the content of the members. What stands behind the last one, such as zeros of a tape, is passed over."""
    start, size = 0, 0
    while data.startswith(b"\x1f\x8b", start):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            packed = member.unconsumed_tail
            if not packed:
                packed = data[start : start + _CHUNK]
                start += len(packed)
            try:
                piece = member.decompress(packed, _MOST_AT_ONCE)
            except zlib.error as error:
                raise refuse("file.damaged-archive") from error
            if not (piece or packed):
                raise refuse("file.incomplete", format="gzip")
            size += len(piece)
            check_unpacked(size, len(data))
            yield piece
        start -= len(member.unused_data)


def _stored_name(data: bytes) -> str:
    """Returns the name in the header (RFC 1952, 2.3: FNAME in ISO 8859-1), empty if there is none."""
    if len(data) < 10 or not data[3] & 0x08:
        return ""
    start = 10 + (2 + int.from_bytes(data[10:12], "little") if data[3] & 0x04 else 0)
    end = data.find(b"\x00", start, start + 1000)
    if end < 0:
        return ""
    raw = data[start:end]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
