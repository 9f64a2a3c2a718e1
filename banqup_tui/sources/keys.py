"""Keys by which a client is recognized: normalized numbers, accounts and names."""

import unicodedata

from banqup_tui.domain.client import Client
from banqup_tui.domain.identifiers import normalise_account, party_keys, pretty_account


def keys_of_client(client: Client) -> tuple[str, ...]:
    """Returns all keys of a client, which are stored with the client."""
    keys = party_keys([("VAT", client.vat_number or ""), ("0208", client.enterprise_number or "")])
    numbers = party_keys([("VAT", one) for one in client.numbers], client.country)
    accounts = map(account_key, client.accounts)
    further = [key for text in client.identifiers for key in _keys_of_text(text)]
    return tuple(dict.fromkeys([*keys, *numbers, *accounts, *further]))


def account_key(account: str, *, is_iban: bool = True) -> str:
    return f"{'iban' if is_iban else 'account'}:{normalise_account(account)}"


def name_key(name: str) -> str:
    """Returns a key without case and punctuation, with accents in one encoding.

    A name alone never decides the client of an invoice.
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    return f"name:{' '.join(''.join(c if c.isalnum() else ' ' for c in folded).split())}"


def _keys_of_text(text: str) -> tuple[str, ...]:
    if ":" in text:
        return (text,)
    if pretty_account(text) != text.strip():
        return (account_key(text),)
    return party_keys([("0208", text)])
