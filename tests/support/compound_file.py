"""Writes compound files ([MS-CFB]) and Outlook messages in them ([MS-OXMSG]), for tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

Storage: TypeAlias = "Mapping[str, bytes | Storage]"

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _SMALL_SECTOR, _CUTOFF = 512, 64, 4096


def compound_file(root: Storage) -> bytes:
    """A compound file of version 3 with these storages and streams."""
    names, kinds, children, contents = ["Root Entry"], [5], [root], [b""]
    tree: list[list[int]] = [[]]
    position = 0
    while position < len(names):
        for name, content in children[position].items():
            tree[position].append(len(names))
            names.append(name)
            kinds.append(2 if isinstance(content, bytes) else 1)
            children.append({} if isinstance(content, bytes) else content)
            contents.append(content if isinstance(content, bytes) else b"")
            tree.append([])
        position += 1
    sectors: list[bytes] = []
    fat: list[int] = []

    def stored(data: bytes) -> int:
        count = -(-len(data) // _SECTOR)
        start = len(fat)
        fat.extend([*range(start + 1, start + count), _END] if count else [])
        sectors.extend(data[_SECTOR * n : _SECTOR * (n + 1)].ljust(_SECTOR, b"\0") for n in range(count))
        return start if count else _END

    small, small_fat, starts = b"", list[int](), []
    for content in contents:
        count = -(-len(content) // _SMALL_SECTOR)
        if not content or len(content) >= _CUTOFF:
            starts.append(stored(content))
            continue
        starts.append(len(small_fat))
        small_fat += [*range(len(small_fat) + 1, len(small_fat) + count), _END]
        small += content.ljust(count * _SMALL_SECTOR, b"\0")
    starts[0], contents[0] = stored(small), small
    small_fat_at = stored(b"".join(struct.pack("<I", entry) for entry in small_fat))
    directory = b"".join(
        _entry(names[n], kinds[n], starts[n], len(contents[n]), tree[n], n, tree) for n in range(len(names))
    )
    directory_at = stored(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    count = 1
    while (len(fat) + count) * 4 > count * _SECTOR:
        count += 1
    fat_at = len(fat)
    fat += [_FAT] * count
    table = b"".join(struct.pack("<I", entry) for entry in fat).ljust(count * _SECTOR, b"\xff")
    sectors += [table[_SECTOR * n : _SECTOR * (n + 1)] for n in range(count)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    small_fat_count = -(-len(small_fat) * 4 // _SECTOR)
    header += struct.pack("<IIIIIIIII", 0, count, directory_at, 0, _CUTOFF, small_fat_at, small_fat_count, _END, 0)
    places = [*range(fat_at, fat_at + count)]
    header += b"".join(struct.pack("<I", place) for place in [*places, *[_FREE] * (109 - count)])
    return header + b"".join(sectors)


def _entry(name: str, kind: int, start: int, size: int, inside: list[int], own: int, tree: list[list[int]]) -> bytes:
    """A directory entry. The entries of a storage hang on one another as a list, which is a tree too."""
    siblings = next((found for found in tree if own in found), [own])
    place = siblings.index(own)
    right = siblings[place + 1] if place + 1 < len(siblings) else _FREE
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    links = struct.pack("<III", _FREE, right, inside[0] if inside else _FREE)
    return head + links + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)


def message(
    *attachments: tuple[str, bytes | Storage], head: str = "", html: bytes = b"", is_root: bool = True
) -> dict[str, bytes | Storage]:
    """The storage of a message with attachments of name and content; a content that is a storage is a message."""
    sent = int((datetime(2026, 3, 2, 9, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    storage: dict[str, bytes | Storage] = {
        "__properties_version1.0": bytes(32 if is_root else 24) + struct.pack("<IIQ", 0x00390040, 6, sent),
        "__substg1.0_0037001F": "Factuur é".encode("utf-16-le"),
        "__substg1.0_0C1A001F": "De Korst".encode("utf-16-le"),
        "__substg1.0_5D01001F": "facturen@korst.example".encode("utf-16-le"),
        "__substg1.0_1035001F": "<7@korst.example>".encode("utf-16-le"),
        "__recip_version1.0_#00000000": {"__substg1.0_39FE001F": "in@firm.example".encode("utf-16-le")},
    }
    if head:
        storage["__substg1.0_007D001F"] = head.encode("utf-16-le")
    if html:
        storage["__substg1.0_10130102"] = html
    for number, (name, content) in enumerate(attachments):
        data = "__substg1.0_37010102" if isinstance(content, bytes) else "__substg1.0_3701000D"
        storage[f"__attach_version1.0_#{number:08X}"] = {
            "__properties_version1.0": bytes(8),
            "__substg1.0_3707001F": name.encode("utf-16-le"),
            "__substg1.0_3712001F": name.encode("utf-16-le"),
            data: content,
        }
    return storage
