"""The result of an import: what became of a file, and of each file in it."""

from enum import StrEnum

import msgspec

from banqup_tui.domain.document import Duplicate
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value


class Outcome(StrEnum):
    """KNOWN: the client has the same bytes already, and nothing was changed."""

    NEW = "NEW"
    KNOWN = "KNOWN"


class ImportedDocument(Value, frozen=True, kw_only=True):
    """A document of an arrival.

    `same_as`: an earlier document with the same business key, in other bytes; UNDECIDED: the user has to decide.
    `picture`: file name of an earlier document that became its picture. `withdrawn`: the client has it, and a user has
    withdrawn it, which it stays. `file_name` and `position` are those in the container in which it came, empty without
    one.
    """

    document_id: str
    client_id: str
    folder: Folder
    outcome: Outcome
    same_as: str | None = None
    duplicate: Duplicate | None = None
    picture: str | None = None
    withdrawn: bool = False
    file_name: str = ""
    position: str = ""

    @property
    def is_undecided(self) -> bool:
        return self.outcome is Outcome.NEW and self.duplicate is Duplicate.UNDECIDED


class WaitingPart(Value, frozen=True, kw_only=True):
    """A part that waits as unfiled, with the reason. The rest as in `ImportedDocument`."""

    reason: Message
    file_name: str = ""
    position: str = ""


class JoinedPicture(Value, frozen=True, kw_only=True):
    """A PDF that was joined to an e-invoice that its text shows. The rest as in `ImportedDocument`.

    `document_id`, `client_id`, `number`: of the e-invoice.
    """

    document_id: str
    client_id: str
    number: str
    file_name: str = ""
    position: str = ""


class ImportResult(Value, frozen=True, kw_only=True):
    """Result of an arrival.

    Attributes:
        documents: one for each client concerned by each part.
        waiting: the parts that could not be read or placed.
        pictures: names of the PDFs that are kept as pictures of the e-invoices beside them.
        joined: the PDFs that are kept as pictures of e-invoices that came before.
        created_clients: ids of the clients that were created.
    """

    documents: tuple[ImportedDocument, ...] = ()
    waiting: tuple[WaitingPart, ...] = ()
    pictures: tuple[str, ...] = ()
    joined: tuple[JoinedPicture, ...] = ()
    created_clients: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return any(document.outcome is Outcome.NEW for document in self.documents)


def import_result_of(result: object) -> ImportResult:
    """Returns the result of a command `IMPORT_FILE`, as it was stored; an empty one if it is of another version."""
    try:
        return msgspec.convert(result, ImportResult)
    except msgspec.ValidationError:
        return ImportResult()
