"""Warnings about documents that can be read in spite of a fault."""

from __future__ import annotations

import msgspec

from banqup_tui.domain.messages import Message


class ReadWarning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fault of a document: `place` is its place in the file; the code of `message` begins with `content.`"""

    place: str
    message: Message
