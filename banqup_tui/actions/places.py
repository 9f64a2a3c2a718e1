"""Where a user can be, and where an action can lead."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class Place(StrEnum):
    """`CLIENT_DOCUMENTS`: the clients with what is to do; `FOLDER`: folders and table of one of them; `DOCUMENT`:
    one document; `UNFILED`: what came in and nobody could tell whose it is; `CLIENTS`: the register of clients;
    `CLIENT`: one of them with its integrations; `STORE`; `FAILURES`: what failed, by cause; `FAILED`: the documents
    that failed for one cause; `CHANGES`: changes that were refused.
    """

    CLIENT_DOCUMENTS = "client-documents"
    FAILURES = "to-look-at"
    FAILED = "failed"
    FOLDER = "folder"
    DOCUMENT = "document"
    UNFILED = "to-place"
    CHANGES = "changes"
    CLIENTS = "clients"
    CLIENT = "client"
    STORE = "store"


EVERYWHERE: frozenset[Place] = frozenset(Place)
OF_DOCUMENTS: frozenset[Place] = frozenset({Place.FOLDER, Place.DOCUMENT, Place.FAILED})


class Tab(StrEnum):
    """The part of a place that is opened."""

    DOCUMENT = "document"
    DELIVERIES = "deliveries"
    OVERVIEW = "overview"
    INTEGRATIONS = "integrations"


class Destination(Value, frozen=True, kw_only=True):
    """A place with what is shown there. `failures`: the key of a group of them."""

    place: Place
    tab: Tab | None = None
    client_id: str | None = None
    document_id: str | None = None
    integration_id: str | None = None
    extension_id: str | None = None
    failures: str | None = None
