"""What an opener finds: a container, and the files in it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.formats.container import ContainerKind


class ContainerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a container, as it was found: its name is not cleaned yet.

    Attributes:
        name: Empty if it has none.
        path: With its directories, if it has some.
        suffix: The extension of a name that has to be made; empty if the content tells it.
        inside: What it holds, if it is a container whose bytes do not stand alone in the one around it.
        refusal: Why its bytes could not be taken out.
    """

    name: str = ""
    path: str = ""
    suffix: str = ""
    data: bytes = b""
    inside: FoundContainer | None = None
    refusal: UnreadableDocument | None = None


class FoundContainer(msgspec.Struct, frozen=True, kw_only=True):
    """A container whose files are taken out as `files` is read."""

    kind: ContainerKind
    files: Iterator[ContainerEntry]
    mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None
