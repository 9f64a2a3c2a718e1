"""Finds the client and the folder of a document.

The content counts first (every identifier of both parties, or the account of a statement), then the channel: the client
that a person named, the path, the address. If they contradict each other, nothing is guessed. The folder follows from
the client's role: sales for the seller, purchases for the buyer, no matter which party issued the document.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import (
    normalise_vat,
    party_keys,
    pretty_account,
    pretty_enterprise_number,
    pretty_vat,
)
from banqup_tui.domain.invoice import Invoice, InvoiceParty
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.statement import Statement
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import Value
from banqup_tui.formats.content import Content
from banqup_tui.sources.keys import account_key, keys_of_client, name_key
from banqup_tui.sources.layouts import PathHints


class ClientIndex(Protocol):
    """The firm's clients by key: `be:0465123710`, `iban:BE68…`, `name:…`, `reference:…`."""

    def clients_for(self, key: str) -> Sequence[Client]: ...


class Hints(Value, frozen=True, kw_only=True):
    """Knowledge beside the content.

    Attributes:
        client: named by a person or an address; it is binding. A path is only a hint.
        create_clients: create a client if no party of the document is one.
        bound: client and folder are those of the channel, and the path must not contradict them.
    """

    client: Client | None = None
    folder: Folder | None = None
    path: PathHints | None = None
    create_clients: bool = False
    bound: bool = False


class PartyRole(StrEnum):
    """The role of the client in a document."""

    SELLER = "SELLER"
    BUYER = "BUYER"
    HOLDER = "HOLDER"
    NONE = "NONE"


class NewClient(Value, frozen=True, kw_only=True):
    """A client to be created, with the keys by which it will be recognized."""

    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None
    identifiers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class Placed(Value, frozen=True, kw_only=True):
    """A document of a client in a folder."""

    client: Client | NewClient
    folder: Folder
    role: PartyRole = PartyRole.NONE


class Unplaced(Value, frozen=True, kw_only=True):
    """The client could not be found; `reason` is the message."""

    reason: Message


Placing = tuple[Placed, ...] | Unplaced
"""Several where both parties are clients: one file, a document for each."""

_FOLDERS_OF_ROLE: Final = {
    PartyRole.SELLER: (Folder.SALES_INVOICES, Folder.OTHER_DOCUMENTS),
    PartyRole.BUYER: (Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS, Folder.OTHER_DOCUMENTS),
    PartyRole.HOLDER: (Folder.ENRICHED_MOVEMENT_REPORTS, Folder.OTHER_DOCUMENTS),
}
"""Folders that fit a role. The first is the default; a person may choose another."""

NOBODY_NAMED: Final = "placing.nobody-named"
"""The reason of a file without content of which nothing says whose it is."""

STRONG = ("be:", "vat:", "fr:", "0106:", "0204:")


def sort(content: Content, hints: Hints, directory: ClientIndex) -> Placing:
    """Returns the placement of a document.

    `hints.folder` is a person's choice; the folder of the path is in `hints.path`.
    """
    contradiction = _path_against_channel(hints, directory) if hints.bound else None
    if contradiction is not None:
        return contradiction
    return _without_archived(_placing(content, hints, directory))


def _without_archived(placing: Placing) -> Placing:
    """Takes archived clients out: of a document between two clients, the other one still gets it."""
    if isinstance(placing, Unplaced):
        return placing
    archived = [one.client for one in placing if isinstance(one.client, Client) and one.client.is_archived]
    left = tuple(one for one in placing if one.client not in archived)
    return left or _unplaced("placing.client-archived", name=archived[0].name)


def _placing(content: Content, hints: Hints, directory: ClientIndex) -> Placing:
    if hints.path is not None and hints.path.vague and not clients_of_path(hints.path, directory):
        placing = _sort(content, hints, directory)
        without = msgspec.structs.replace(hints, path=None)
        return _sort(content, without, directory) if isinstance(placing, Unplaced) else placing
    return _sort(content, hints, directory)


def _sort(content: Content, hints: Hints, directory: ClientIndex) -> Placing:
    if content.invoice is not None:
        return _sort_invoice(content.invoice, hints, directory)
    if content.statements:
        return _sort_statements(content.statements, hints, directory)
    return _sort_plain(hints, directory)


def _path_against_channel(hints: Hints, directory: ClientIndex) -> Unplaced | None:
    path = hints.path
    named = clients_of_path(path, directory)
    if path is None or (path.vague and not named):
        return None
    if hints.client is not None and named and hints.client not in named:
        account = hints.client.name
        return _unplaced("placing.account-and-path-differ", account=account, names=_names(named))
    if hints.folder is not None and path.folder is not None and path.folder is not hints.folder:
        return _unplaced("placing.account-and-path-folder-differ", wanted=hints.folder, folder=path.folder)
    return None


# Invoices and credit notes


def _sort_invoice(invoice: Invoice, hints: Hints, directory: ClientIndex) -> Placing:
    sellers = clients_of_party(invoice.seller, directory)
    buyers = clients_of_party(invoice.buyer, directory)
    if hints.client is not None:
        return _for_client(hints.client, invoice, sellers, buyers, hints)
    named = clients_of_path(hints.path, directory)
    known = _distinct([*sellers, *buyers])
    if not known:
        return _unknown_parties(invoice, named, hints, directory)
    if named:
        both = [client for client in named if client in known]
        if not both:
            return _unplaced("placing.path-and-document-differ", names=_names(named), known=_names(known))
        sellers = [client for client in sellers if client in both]
        buyers = [client for client in buyers if client in both]
    return _by_role(invoice, sellers, buyers, hints)


def _for_client(client: Client, invoice: Invoice, sellers: list[Client], buyers: list[Client], hints: Hints) -> Placing:
    """Places the document for a client named by a person or an address, unless the content names another client."""
    sells, buys = client in sellers, client in buyers
    if not sells and not buys:
        is_chosen = hints.client is not None and not hints.bound
        if sellers or buyers or (not is_chosen and _is_neither(client, invoice)):
            parties = {"seller": _party(invoice.seller), "buyer": _party(invoice.buyer)}
            return _unplaced("placing.client-and-document-differ", name=client.name, **parties)
        sells, buys = _same_name(client, invoice.seller), _same_name(client, invoice.buyer)
    if sells or buys:
        return _by_role(invoice, [client] if sells else [], [client] if buys else [], hints)
    folder = _wanted_folder(hints)
    if folder is None:
        parties = {"seller": _party(invoice.seller), "buyer": _party(invoice.buyer)}
        return _unplaced("placing.role-unknown", name=client.name, **parties)
    role = {Folder.SALES_INVOICES: PartyRole.SELLER, Folder.PURCHASE_INVOICES: PartyRole.BUYER}.get(
        folder, PartyRole.NONE
    )
    return (Placed(client=client, folder=folder, role=role),)


def _is_neither(client: Client, invoice: Invoice) -> bool:
    """Tells whether both parties have numbers, and the client has others."""
    parties = [_numbers(keys_of_party(party)) for party in (invoice.seller, invoice.buyer)]
    return bool(_numbers(keys_of_client(client))) and all(parties)


def _numbers(keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key.startswith(STRONG)]


def _by_role(invoice: Invoice, sellers: list[Client], buyers: list[Client], hints: Hints) -> Placing:
    for party, clients in ((invoice.seller, sellers), (invoice.buyer, buyers)):
        if len(clients) > 1:
            return _unplaced("placing.party-of-several", party=_party(party), names=_names(clients))
    roles = [(client, PartyRole.SELLER) for client in sellers] + [(client, PartyRole.BUYER) for client in buyers]
    if len(roles) == 2 and roles[0][0] == roles[1][0]:
        roles = [roles[1] if _wanted_folder(hints) in _FOLDERS_OF_ROLE[PartyRole.BUYER][:2] else roles[0]]
    fitting = [
        Placed(client=client, folder=folder, role=role)
        for client, role in roles
        if (folder := _folder_for(role, hints)) is not None
    ]
    if not fitting:
        client, role = roles[0]
        return _wrong_folder(client, role, hints)
    bound = len(roles) == 2 and _wanted_folder(hints) in (Folder.SALES_INVOICES, Folder.PURCHASE_INVOICES)
    return tuple(fitting[:1] if bound else fitting)


def _unknown_parties(invoice: Invoice, named: list[Client], hints: Hints, directory: ClientIndex) -> Placing:
    if len(named) > 1:
        return _unplaced("placing.path-of-several", names=_names(named))
    if named:
        return _for_client(named[0], invoice, [], [], hints)
    if hints.create_clients:
        return _make_party(invoice, hints, directory)
    return _unplaced("placing.no-client", seller=_party(invoice.seller), buyer=_party(invoice.buyer))


def _make_party(invoice: Invoice, hints: Hints, directory: ClientIndex) -> Placing:
    role = _role_to_make(invoice, hints)
    party = invoice.seller if role is PartyRole.SELLER else invoice.buyer
    keys = keys_of_party(party)
    name = clean(party.name or party.trade_name) or next((key.partition(":")[2] for key in keys), "")
    if not name:
        return _unplaced("placing.no-parties")
    if not keys:
        known = list(directory.clients_for(name_key(name)))
        if len(known) == 1:
            return _by_role(
                invoice, known if role is PartyRole.SELLER else [], known if role is PartyRole.BUYER else [], hints
            )
    new = NewClient(
        name=name,
        vat_number=normalise_vat(party.vat_number, party.country),
        enterprise_number=clean(party.enterprise_number) or None,
        identifiers=keys or (name_key(name),),
        keys=keys or (name_key(name),),
    )
    folder = _folder_for(role, hints)
    if folder is None:
        return _wrong_folder(new, role, hints)
    return (Placed(client=new, folder=folder, role=role),)


def _role_to_make(invoice: Invoice, hints: Hints) -> PartyRole:
    """Returns the role of the party to create.

    It is the party named by the path, else the buyer, or the seller if only the seller can be identified.
    """
    seller_keys, buyer_keys = keys_of_party(invoice.seller), keys_of_party(invoice.buyer)
    path_keys = hints.path.keys if hints.path else ()
    if any(key in path_keys for key in seller_keys) or _wanted_folder(hints) is Folder.SALES_INVOICES:
        return PartyRole.SELLER
    if any(key in path_keys for key in buyer_keys):
        return PartyRole.BUYER
    if seller_keys and not buyer_keys:
        return PartyRole.SELLER
    has_buyer = buyer_keys or clean(invoice.buyer.name or invoice.buyer.trade_name)
    return PartyRole.BUYER if has_buyer else PartyRole.SELLER


# Bank statements


def _sort_statements(statements: tuple[Statement, ...], hints: Hints, directory: ClientIndex) -> Placing:
    known = _distinct(client for statement in statements for client in clients_of_account(statement, directory))
    accounts = ", ".join(dict.fromkeys(_account(statement) for statement in statements))
    contradiction = _holder_against_account(statements, directory)
    if contradiction is not None:
        return contradiction
    if hints.client is not None:
        if known and hints.client not in known:
            name = hints.client.name
            return _unplaced("placing.client-and-account-differ", name=name, accounts=accounts, known=_names(known))
        return _place_for_holder(hints.client, hints)
    named = clients_of_path(hints.path, directory)
    if known and named:
        both = [client for client in named if client in known]
        if not both:
            names = {"names": _names(named), "known": _names(known)}
            return _unplaced("placing.path-and-account-differ", accounts=accounts, **names)
        known = both
    found = known or named
    if len(found) > 1:
        return _unplaced("placing.account-of-several", accounts=accounts, names=_names(found))
    if found:
        return _place_for_holder(found[0], hints)
    if hints.create_clients:
        return _place_for_holder(_new_holder(statements[0]), hints)
    return _unplaced("placing.account-of-nobody", accounts=accounts)


def _new_holder(statement: Statement) -> NewClient:
    key = account_key(statement.account, is_iban=statement.account_is_iban)
    number = party_keys([("0208", statement.enterprise_number)]) if statement.enterprise_number else ()
    return NewClient(
        name=clean(statement.holder) or _account(statement) or "–",
        enterprise_number=statement.enterprise_number or None,
        identifiers=(key,),
        keys=(key, *number),
    )


def clients_of_account(statement: Statement, directory: ClientIndex) -> list[Client]:
    """Returns the clients of the account, else those of the enterprise number in the statement."""
    key = account_key(statement.account, is_iban=statement.account_is_iban)
    return list(directory.clients_for(key)) or clients_of_holder(statement, directory)


def clients_of_holder(statement: Statement, directory: ClientIndex) -> list[Client]:
    """Returns the clients of the enterprise number in the statement (that of the header of a CODA file)."""
    numbers = party_keys([("0208", statement.enterprise_number)]) if statement.enterprise_number else ()
    return _distinct(client for number in numbers for client in directory.clients_for(number))


def _holder_against_account(statements: tuple[Statement, ...], directory: ClientIndex) -> Unplaced | None:
    for statement in statements:
        known = clients_of_account(statement, directory)
        holders = clients_of_holder(statement, directory)
        if holders and not any(client in known for client in holders):
            names = {"names": _names(holders), "known": _names(known)}
            return _unplaced("placing.account-and-holder-differ", accounts=_account(statement), **names)
    return None


def _place_for_holder(client: Client | NewClient, hints: Hints) -> Placing:
    folder = _folder_for(PartyRole.HOLDER, hints)
    if folder is None:
        return _wrong_folder(client, PartyRole.HOLDER, hints)
    return (Placed(client=client, folder=folder, role=PartyRole.HOLDER),)


# Files without content of their own


def _sort_plain(hints: Hints, directory: ClientIndex) -> Placing:
    named = [hints.client] if hints.client else clients_of_path(hints.path, directory)
    if len(named) > 1:
        return _unplaced("placing.path-of-several", names=_names(named))
    if not named:
        return _unplaced(NOBODY_NAMED)
    return (Placed(client=named[0], folder=_wanted_folder(hints) or Folder.OTHER_DOCUMENTS),)


# Shared helpers


def clients_of_party(party: InvoiceParty, directory: ClientIndex) -> list[Client]:
    """Returns clients by company numbers; by other identifiers (mail address, GLN) only if those find nobody."""
    keys = keys_of_party(party)
    strong = _numbers(keys)
    for chosen in (strong, [key for key in keys if key not in strong]):
        found = _distinct(client for key in chosen for client in directory.clients_for(key))
        if found:
            return found
    return []


def keys_of_party(party: InvoiceParty) -> tuple[str, ...]:
    return party_keys([(one.scheme, one.value) for one in party.identifiers], party.country)


def clients_of_path(path: PathHints | None, directory: ClientIndex) -> list[Client]:
    """Returns clients by number or account, else by reference or name. The first segment that is a client's decides."""
    if path is None:
        return []
    keys = [*path.keys, *([account_key(path.account)] if path.account else [])]
    found = _distinct(client for key in keys for client in directory.clients_for(key))
    for name in () if found else path.names:
        by_reference = list(directory.clients_for(f"reference:{name.casefold()}"))
        found = by_reference or list(directory.clients_for(name_key(name)))
        if found:
            break
    return found


def _wanted_folder(hints: Hints) -> Folder | None:
    return hints.folder or (hints.path.folder if hints.path else None)


def _folder_for(role: PartyRole, hints: Hints) -> Folder | None:
    """Returns the folder, or `None` if the wanted folder does not fit the role."""
    wanted = _wanted_folder(hints)
    fitting = _FOLDERS_OF_ROLE[role]
    if wanted is None:
        return fitting[0]
    return wanted if wanted in fitting else None


def _same_name(client: Client, party: InvoiceParty) -> bool:
    names = {name_key(name) for name in (party.name, party.trade_name) if name}
    return name_key(client.name) in names


def _distinct(clients: Iterable[Client]) -> list[Client]:
    return list({client.id: client for client in clients}.values())


def _unplaced(code: str, /, **params: object) -> Unplaced:
    return Unplaced(reason=message(code, "", **params))


_WRONG_FOLDER: Final = {
    PartyRole.SELLER: "placing.seller-in-wrong-folder",
    PartyRole.BUYER: "placing.buyer-in-wrong-folder",
    PartyRole.HOLDER: "placing.holder-in-wrong-folder",
}


def _wrong_folder(client: Client | NewClient, role: PartyRole, hints: Hints) -> Unplaced:
    return _unplaced(_WRONG_FOLDER[role], folder=_wanted_folder(hints) or "", name=client.name)


def _names(clients: Sequence[Client]) -> str:
    return ", ".join(clean(client.name) for client in clients[:3])


def _party(party: InvoiceParty) -> str:
    """Returns name and number of a party; empty if it has neither."""
    name = clean(party.name or party.trade_name)
    number = party.vat_number or party.enterprise_number
    pretty = pretty_vat(number) if party.vat_number else pretty_enterprise_number(number)
    return f"{name} ({clean(pretty)})" if number and name else name or clean(pretty)


def _account(statement: Statement) -> str:
    """Returns the account for display; empty if it has no number."""
    return clean(pretty_account(statement.account))
