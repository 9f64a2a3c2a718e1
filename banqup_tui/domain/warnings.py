"""What is odd in a document that can be read all the same."""

from __future__ import annotations

import msgspec

from banqup_tui.domain.messages import Message


class ReadWarning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One oddity: `place` is where it stands in the file, the code of `message` begins with `content.`"""

    place: str
    message: Message
