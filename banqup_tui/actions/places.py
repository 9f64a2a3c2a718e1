"""The places of the terminal, and the destinations that an action can lead to."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class Place(StrEnum):
    """A place of the terminal. The values are written in keymaps and documents, so they do not change.

    * `CLIENT_DOCUMENTS`: all clients with counts of their documents by status
    * `FAILURES`: failures grouped by cause; `FAILED`: the documents of one of these groups
    * `FOLDER`: folders and documents of a client; `DOCUMENT`: one document
    * `DUPLICATES`: documents that are held because an earlier one is the same
    * `UNFILED`: files whose client or folder is unknown
    * `SOURCES`: the ways by which documents come in
    * `CHANGES`: changes that the server refused
    * `CLIENTS`: the register of clients; `CLIENT`: one client with its integrations
    * `STORE`: the Banqup Store
    """

    CLIENT_DOCUMENTS = "client-documents"
    FAILURES = "to-look-at"
    FAILED = "failed"
    FOLDER = "folder"
    DOCUMENT = "document"
    DUPLICATES = "duplicates"
    UNFILED = "to-place"
    SOURCES = "sources"
    CHANGES = "changes"
    CLIENTS = "clients"
    CLIENT = "client"
    STORE = "store"


EVERYWHERE: frozenset[Place] = frozenset(Place)
OF_DOCUMENTS: frozenset[Place] = frozenset({Place.FOLDER, Place.DOCUMENT, Place.FAILED, Place.DUPLICATES})


class Tab(StrEnum):
    """A tab of a place, to be opened with it."""

    DOCUMENT = "document"
    DELIVERIES = "deliveries"
    OVERVIEW = "overview"
    INTEGRATIONS = "integrations"


class Destination(Value, frozen=True, kw_only=True):
    """A place with what it is to show. `failures` is the key of a group of failures."""

    place: Place
    tab: Tab | None = None
    client_id: str | None = None
    document_id: str | None = None
    integration_id: str | None = None
    extension_id: str | None = None
    failures: str | None = None
