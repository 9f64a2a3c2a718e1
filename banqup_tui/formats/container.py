"""The parts of a file that holds other files, as `formats.open_file` returns them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin

MAX_DEPTH = 3
"""The most containers inside one another, the file itself counted."""

MAX_PARTS = 500
MAX_PART_BYTES = 50 * 2**20
MAX_TOTAL_BYTES = 200 * 2**20
MAX_RATIO = 100
"""The most bytes that one compressed byte becomes. Up to `SMALL_BYTES` it is not asked: a form of blanks is no bomb."""

SMALL_BYTES = 2**20


MOST_RECIPIENTS = 100
MOST_CHARACTERS = 1000
"""The most characters of a field of a mail or an envelope that is kept."""


class ContainerKind(StrEnum):
    """The kind of a container.

    `ENVELOPE` is a Standard Business Document (Peppol), `ATTACHED_DOCUMENT` that of UBL 2.1, `BATCH` an XML whose root
    only gathers documents, and `SERIES` several whole XML documents one after another in a file.
    """

    ZIP = "ZIP"
    GZIP = "GZIP"
    MAIL = "MAIL"
    OUTLOOK_MAIL = "OUTLOOK_MAIL"
    ENVELOPE = "ENVELOPE"
    ATTACHED_DOCUMENT = "ATTACHED_DOCUMENT"
    SOAP = "SOAP"
    BATCH = "BATCH"
    SERIES = "SERIES"


class ContainerPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file inside a container. Containers inside it are opened, so a part is none, unless `refusal` says why.

    Attributes:
        name: A safe file name: its own, else made of the container's name and the position.
        path: The directories that it has inside, with `/`, and the name; each of them a safe name.
        position: Its place, counted from 1 at each level: `3`, or `2/1` for the first file of the second.
        data: Its bytes, unread. Empty if it could not be taken out: then `refusal` is set, and equal bytes of two
            parts say nothing.
        refusal: Why it cannot be taken out, opened or believed to be whole. `None`: ask `formats.read` for its content.
        mail: The mail that it came in, the innermost of several.
        envelope: The envelope that it came in, likewise.
    """

    name: str
    path: str
    position: str
    data: bytes
    refusal: Message | None = None
    mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A file that holds others. Only a mail may have no parts: then there was no document in it."""

    kind: ContainerKind
    parts: tuple[ContainerPart, ...]
    mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None
