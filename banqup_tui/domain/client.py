"""A company whose books the firm keeps."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class ClientStatus(StrEnum):
    DRAFT = "DRAFT"
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    INVITATION_REJECTED = "INVITATION_REJECTED"
    ACCESS_REJECTED = "ACCESS_REJECTED"
    ARCHIVED = "ARCHIVED"
    LOST = "LOST"


class Client(Value, frozen=True, kw_only=True):
    """`reference` is the firm's own short name of the client (Banqup: external id), unique in the space.

    `vat_number` is written without spaces or dots, country first (`BE0465123710`); `identifiers` are the further
    normalised keys under which documents of this client are recognised (enterprise number, IBANs).
    """

    id: str
    reference: str
    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None
    identifiers: tuple[str, ...] = ()
    status: ClientStatus = ClientStatus.ACTIVE
