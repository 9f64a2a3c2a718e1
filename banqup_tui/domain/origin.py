"""How documents arrive, and what is kept of it as evidence."""

from datetime import date, datetime

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Sha256, Value

BY_HAND = "import"


class MailOrigin(Value, frozen=True, kw_only=True):
    """What the head of a mail says. None of it is proven.

    Attributes:
        sender: The From field, with name and address.
        recipients: The addresses of Delivered-To, X-Original-To, To and Cc, in this order, each once.
        message_id: With its angle brackets.
        sent_at: The Date field in UTC.
    """

    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    sent_at: datetime | None = None


class EnvelopeOrigin(Value, frozen=True, kw_only=True):
    """What the header of a Standard Business Document says (Peppol Business Message Envelope 2.0).

    Attributes:
        sender: Participant identifier, scheme and number: `0208:0799000183`.
        receiver: Likewise.
        process_id: The `InstanceIdentifier` of the scope PROCESSID.
        document_type_id: That of the scope DOCUMENTID, else the standard that is named.
        message_id: `DocumentIdentification/InstanceIdentifier`, which is unique for each message.
        created_at: `CreationDateAndTime` in UTC. A time without a zone is taken as UTC.
    """

    sender: str = ""
    receiver: str = ""
    process_id: str = ""
    document_type_id: str = ""
    message_id: str = ""
    created_at: datetime | None = None


class ContainerPlace(Value, frozen=True, kw_only=True):
    """The place of a file in a container that arrived.

    Attributes:
        kind: Kind of the container, such as `ZIP` or `MAIL` (formats.containers).
        name: File name of the container.
        sha256: Of the container, which is kept whole.
        position: Position in it, from 1; `2/1` is the first file in a container that is its second.
        mail, envelope: The innermost ones around the file.
    """

    kind: str
    name: str
    sha256: Sha256
    position: str
    mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None


class Arrival(Value, frozen=True, kw_only=True):
    """A file that arrived, with what its way says about it.

    Attributes:
        source: path of a watched folder, `import`, `sftp` with the account's name, or `mailbox` with its user.
        path: path relative to the source, a hint for the sorter.
        bound: client and folder come from the channel, not from a person's choice.
        waits_for: why only a person places it, whatever its content says.
        beside: SHA-256 of the XML of the same name that came with it, of which it may be the picture.
        container: set for a file that came in a container; `path` goes on inside it.
        mail: the mail of the mailbox in which it came, by which rules on mails go.
    """

    file_name: str
    client_id: str | None = None
    folder: Folder | None = None
    create_clients: bool = False
    approved: bool = True
    path: str | None = None
    dated: date | None = None
    source: str = BY_HAND
    source_id: str | None = None
    bound: bool = False
    waits_for: Message | None = None
    beside: Sha256 | None = None
    container: ContainerPlace | None = None
    mail: MailOrigin | None = None


class Incoming(Arrival, frozen=True, kw_only=True):
    """A file that arrived and whose bytes are stored."""

    sha256: Sha256


class Origin(Value, frozen=True, kw_only=True):
    """One arrival of a document, kept as evidence. `source` and `path` as in `Arrival`."""

    source: str
    path: str
    at: datetime
    container: ContainerPlace | None = None


class Picture(Value, frozen=True, kw_only=True):
    """A PDF that shows what the e-invoice beside it says."""

    sha256: Sha256
    file_name: str
    size: int


MOST_ORIGINS = 20
"""The most arrivals that are kept of a document: the first one, those in an envelope, and the latest."""


def with_origin(origins: tuple[Origin, ...], new: Origin) -> tuple[Origin, ...]:
    """Returns the arrivals with one more, unless the same file came from there before."""
    if any((one.source, one.path, one.container) == (new.source, new.path, new.container) for one in origins):
        return origins
    if len(origins) >= MOST_ORIGINS:
        origins = _without_oldest(origins)
    return (*origins, new)


def _without_oldest(origins: tuple[Origin, ...]) -> tuple[Origin, ...]:
    """Returns the arrivals without the oldest after the first that came in no envelope, which is the better proof."""
    places = range(1, len(origins))
    bare = (at for at in places if (place := origins[at].container) is None or place.envelope is None)
    oldest = next(bare, 1)
    return (*origins[:oldest], *origins[oldest + 1 :])
