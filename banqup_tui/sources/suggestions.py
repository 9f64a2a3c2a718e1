"""Suggestions for a document that could not be filed: the likely client and the numbers in it."""

from typing import Final

from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.invoice_text import InvoiceText
from banqup_tui.domain.values import Value
from banqup_tui.formats.content import Content
from banqup_tui.sources.keys import account_key
from banqup_tui.sources.layouts import PathHints
from banqup_tui.sources.sorter import (
    STRONG,
    ClientIndex,
    PartyRole,
    Placed,
    clients_of_account,
    clients_of_party,
    clients_of_path,
    keys_of_party,
)


class Suggestion(Value, frozen=True, kw_only=True):
    """`client_id`: set if a single client is possible. Keys are as the sorter compares them."""

    client_id: str | None = None
    folder: Folder | None = None
    seller_key: str | None = None
    buyer_key: str | None = None
    account_key: str | None = None


def suggest(
    content: Content | None,
    path: PathHints | None,
    client: Client | None,
    directory: ClientIndex,
    text: InvoiceText | None = None,
) -> Suggestion:
    """Returns the suggestion.

    `client` is that of the channel. Content counts before channel, channel before path, and path before the `text` of a
    PDF.
    """
    named = [client] if client else clients_of_path(path, directory)
    folder = path.folder if path else None
    if content is not None and content.invoice is not None:
        return _of_invoice(content.invoice, named, folder, directory)
    if content is not None and content.statements:
        first = content.statements[0]
        return Suggestion(
            client_id=_single_id(clients_of_account(first, directory) or named),
            folder=Folder.ENRICHED_MOVEMENT_REPORTS,
            account_key=account_key(first.account, is_iban=first.account_is_iban) if first.account else None,
        )
    if not named and text is not None:
        return _of_text(text, folder, directory)
    return Suggestion(client_id=_single_id(named), folder=folder)


def _of_text(text: InvoiceText, folder: Folder | None, directory: ClientIndex) -> Suggestion:
    """Suggests the only client whose number stands in the text; its own account there says that it is the seller."""
    clients = [client for party in text.parties for client in directory.clients_for(party.key)]
    client_id = _single_id(clients)
    if folder is None and client_id is not None and text.is_invoice:
        holders = (one.id for iban in text.ibans for one in directory.clients_for(account_key(iban)))
        folder = Folder.SALES_INVOICES if client_id in holders else Folder.PURCHASE_INVOICES
    return Suggestion(client_id=client_id, folder=folder)


def _of_invoice(invoice: Invoice, named: list[Client], folder: Folder | None, directory: ClientIndex) -> Suggestion:
    sellers, buyers = clients_of_party(invoice.seller, directory), clients_of_party(invoice.buyer, directory)
    if sellers and not buyers:
        folder = Folder.SALES_INVOICES
    elif buyers and not sellers:
        folder = Folder.PURCHASE_INVOICES
    return Suggestion(
        client_id=_single_id([*sellers, *buyers] or named),
        folder=folder,
        seller_key=_best(keys_of_party(invoice.seller)),
        buyer_key=_best(keys_of_party(invoice.buyer)),
    )


def _single_id(clients: list[Client]) -> str | None:
    ids = {client.id for client in clients}
    return ids.pop() if len(ids) == 1 else None


def _best(keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if key.startswith(STRONG)), keys[0] if keys else None)


_ROLES: Final = {
    Folder.SALES_INVOICES: PartyRole.SELLER,
    Folder.PURCHASE_INVOICES: PartyRole.BUYER,
    Folder.PURCHASE_RECEIPTS: PartyRole.BUYER,
    Folder.ENRICHED_MOVEMENT_REPORTS: PartyRole.HOLDER,
}


def placed_by_hand(content: Content, client: Client, folder: Folder, directory: ClientIndex) -> Placed:
    """Returns the placement that a person chose.

    The client's role comes from the document if possible, else from the folder.
    """
    role = _ROLES.get(folder, PartyRole.NONE)
    if content.invoice is not None:
        sells = client in clients_of_party(content.invoice.seller, directory)
        buys = client in clients_of_party(content.invoice.buyer, directory)
        if sells is not buys:
            role = PartyRole.SELLER if sells else PartyRole.BUYER
    return Placed(client=client, folder=folder, role=role)
