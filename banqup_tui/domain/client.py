"""A client: a company for which the firm does the accounts."""

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
    """A client of the firm.

    `reference` is the firm's own short name of the client, unique in the space (Banqup: external id). `vat_number` has
    its country first and no spaces or dots (`BE0465123710`). `identifiers` are further normalised keys (enterprise
    number, IBANs) by which documents of this client are recognised.
    """

    id: str
    reference: str
    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None
    identifiers: tuple[str, ...] = ()
    status: ClientStatus = ClientStatus.ACTIVE
