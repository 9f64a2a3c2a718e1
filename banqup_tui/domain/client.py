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


class ClientDetails(Value, frozen=True, kw_only=True):
    """What people enter about a client.

    Attributes:
        reference: the firm's own short name of the client, unique in the space (Banqup: external reference).
        vat_number: with its country first and without spaces or dots (`BE0465123710`).
        numbers: further VAT and enterprise numbers, by which documents are recognised as the client's.
        accounts: bank accounts, IBANs without spaces.
        country: of the client, ISO 3166-1 alpha-2.
        language: of the contact, a locale such as `fr-BE`.
    """

    reference: str
    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None
    numbers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    country: str = ""
    language: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    street: str = ""
    street_number: str = ""
    box: str = ""
    postal_code: str = ""
    city: str = ""


class Client(ClientDetails, frozen=True, kw_only=True):
    """A client of the firm.

    `identifiers` are further normalised keys (enterprise number, IBANs) by which the service recognises documents of
    this client.
    """

    id: str
    identifiers: tuple[str, ...] = ()
    status: ClientStatus = ClientStatus.ACTIVE

    @property
    def is_archived(self) -> bool:
        return self.status is ClientStatus.ARCHIVED


def details_of(client: Client) -> ClientDetails:
    """Returns what people enter about the client."""
    return ClientDetails(**{name: getattr(client, name) for name in ClientDetails.__struct_fields__})
