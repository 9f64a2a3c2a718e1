"""Walks through a container and those inside it, and holds the limits of `formats.container`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.domain.text import safe_file_name
from banqup_tui.formats.container import MAX_DEPTH, MAX_PART_BYTES, MAX_PARTS, MAX_TOTAL_BYTES, Container, ContainerPart
from banqup_tui.formats.containers.archive import open_gzip, open_zip
from banqup_tui.formats.containers.completeness import check_whole
from banqup_tui.formats.containers.entries import ContainerEntry, FoundContainer
from banqup_tui.formats.containers.envelopes import open_xml
from banqup_tui.formats.containers.mail import open_mail
from banqup_tui.formats.containers.outlook import open_outlook, open_tnef
from banqup_tui.formats.media_types import media_type
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.suffix import extension_of


def opened(data: bytes, file_name: str = "") -> tuple[Container, Iterator[ContainerPart]] | None:
    """Returns a container without its parts, and then these one after another; `None` if the file is none.

    Raises `UnreadableDocument` if the file is not whole or cannot be opened; the iterator too, if a limit of the whole
    is passed: then no part counts.
    """
    found = _found(data, file_name)
    if found is None:
        return None
    container = Container(kind=found.kind, parts=(), mail=found.mail, envelope=found.envelope)
    outside = _Place(name=file_name, depth=1)
    return container, _Walk().parts(found, outside)


def _found(data: bytes, file_name: str) -> FoundContainer | None:
    """Returns the container that a file is; `None` if it is none.

    A defect of an opener becomes a refusal. Raises `UnreadableDocument` and `MemoryError`.
    """
    try:
        check_whole(data)
        found = open_zip(data) or open_gzip(data, file_name) or open_xml(data)
        return found or open_outlook(data) or open_tnef(data) or open_mail(data)
    except (UnreadableDocument, MemoryError):
        raise
    except Exception as error:
        raise refuse("file.reader-failed", problem=f"{type(error).__name__} {file_name}".strip()) from error


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where files are found: the container's name and directory, its position, and the letters around it."""

    name: str
    directory: tuple[str, ...] = ()
    position: str = ""
    depth: int
    mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None


class _Walk:
    """One walk through a file, which counts what it has found."""

    def __init__(self) -> None:
        self._count = self._bytes = 0

    def parts(self, found: FoundContainer, place: _Place) -> Iterator[ContainerPart]:
        """Yields the parts, those of containers inside in their place."""
        place = msgspec.structs.replace(place, mail=found.mail or place.mail, envelope=found.envelope or place.envelope)
        files = iter(found.files)
        number, is_only = 0, False
        file = next(files, None)
        while file is not None:
            number += 1
            following = next(files, None)
            is_only = number == 1 and following is None
            yield from self._parts_of_file(file, number, is_only, place)
            file = following

    def _parts_of_file(
        self, file: ContainerEntry, number: int, is_only: bool, place: _Place
    ) -> Iterator[ContainerPart]:
        position = f"{place.position}/{number}" if place.position else str(number)
        own_name = file.name.replace("\\", "/").rpartition("/")[2]
        name = safe_file_name(own_name or _made_name(place.name, number, is_only, file))
        directory = place.directory + _directory(file.path)
        if len(file.data) > MAX_PART_BYTES:
            too_large = refuse("file.part-too-large", limit=MAX_PART_BYTES // 2**20)
            file = msgspec.structs.replace(file, data=b"", refusal=too_large)
        inside, refusal = _inside(file, name, place.depth)
        if inside is not None:
            before = self._count
            deeper = msgspec.structs.replace(
                place, name=name, directory=directory, position=position, depth=place.depth + 1
            )
            yield from self.parts(inside, deeper)
            if self._count > before or place.mail is not None:
                return  # a letter that another letter brings along is no document
        self._take(len(file.data))
        yield ContainerPart(
            name=name,
            path="/".join((*directory, name)),
            position=position,
            data=file.data,
            refusal=refusal.message if refusal is not None else None,
            mail=place.mail,
            envelope=place.envelope,
        )

    def _take(self, size: int) -> None:
        self._count += 1
        self._bytes += size
        if self._count > MAX_PARTS:
            raise refuse("file.too-many-parts", limit=MAX_PARTS)
        if self._bytes > MAX_TOTAL_BYTES:
            raise refuse("file.parts-too-large", limit=MAX_TOTAL_BYTES // 2**20)


def _inside(file: ContainerEntry, name: str, depth: int) -> tuple[FoundContainer | None, UnreadableDocument | None]:
    """Returns the container that a file in a container is, or why it cannot be taken out or opened."""
    if file.refusal is not None:
        return None, file.refusal
    try:
        found = file.inside or _found(file.data, name)
    except UnreadableDocument as error:
        return None, error
    if found is not None and depth >= MAX_DEPTH:
        return None, refuse("file.too-nested", limit=MAX_DEPTH)
    return found, None


def _made_name(container_name: str, number: int, is_only: bool, file: ContainerEntry) -> str:
    """Returns a name for a file without one: that of the container, with its position if there are more."""
    suffix = file.suffix or extension_of(media_type(file.data)) if file.data else ""
    stem = PurePosixPath(container_name.replace("\\", "/")).stem or "document"
    return f"{stem}{suffix}" if is_only else f"{stem}-{number}{suffix}"


def _directory(path: str) -> tuple[str, ...]:
    """Returns the directories of a path inside, each a safe name. A drive, the root and `..` mean nothing here."""
    *directories, _ = path.replace("\\", "/").split("/")
    return tuple(
        safe_file_name(name, "_") for name in directories if name.strip(". ") and not name.rstrip().endswith(":")
    )[:20]
