"""Hints on client and folder from the path of a file.

A layout is the habit of a program that puts documents into folders, written as a path pattern. The layouts are tried in
order, the most specific first. A path is only a hint, which the sorter compares with the content, so a path without
meaning is no error.
"""

import re
import unicodedata
from functools import cache
from typing import Final

import msgspec

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import belgian_number, is_iban, normalise_account, normalise_vat, party_keys
from banqup_tui.domain.values import Value


class PathHints(Value, frozen=True, kw_only=True):
    """The hints of a path.

    Attributes:
        keys: normalized identifiers of the client.
        names: possible references or names of the client, best first.
        direction: the word of the path that `folder` comes from.
        account: an IBAN.
        unknown: segments without meaning.
        firm: number of the accounting firm, where the layout has it.
        vague: the direction is an everyday word (`in`, `out`, `bank`) in a path without a client, so it may mean
            something else.
    """

    layout: str
    folder: Folder | None = None
    direction: str | None = None
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    account: str | None = None
    firm: str | None = None
    year: int | None = None
    unknown: tuple[str, ...] = ()
    vague: bool = False


class Layout(Value, frozen=True, kw_only=True):
    """A path pattern. `pattern` has the `{fields}` of `FIELDS`; `{prefix}` matches any folders above."""

    name: str
    pattern: str


LAYOUTS: Final = (
    Layout(name="banqup-drive", pattern="{prefix}Invoice_import/{name}_{number}/{direction}/{file}"),
    Layout(name="banqup-files", pattern="{prefix}{firm}/{name}{number}/{ledger}/{stage}/{file}"),
    Layout(name="synqup", pattern="{prefix}{name}_{number}/{flow}/{file}"),
    Layout(name="codabox", pattern="{prefix}{code}/{year}/{account}/{file}"),
    Layout(name="codabox", pattern="{prefix}{code}/{year}/{codabox}/{file}"),
    Layout(name="banqup-sftp", pattern="{prefix}{name}_{number}/{direction}/{year}/{file}"),
    Layout(name="banqup-sftp", pattern="{prefix}{name}_{number}/{direction}/{file}"),
    Layout(name="banqup-sftp", pattern="{prefix}_?{number}/{direction}/{year}/{file}"),
    Layout(name="banqup-sftp", pattern="{prefix}_?{number}/{direction}/{file}"),
    Layout(name="billit-sftp", pattern="{prefix}{client}/{order}/{file}"),
    Layout(name="generic", pattern="{prefix}{client}/{direction}/{year}/{rest}{file}"),
    Layout(name="generic", pattern="{prefix}{client}/{direction}/{rest}{file}"),
    Layout(name="generic", pattern="{prefix}{direction}/{file}"),
)

_WORDS: Final[dict[Folder, str]] = {
    Folder.SALES_INVOICES: "AR sale sales outbound outgoing out verkoop verkopen verkoopfacturen vente ventes income"
    " incomes accounts_receivable sales_invoices sales_invoice factures_de_vente invoices-out-01 customers uitgaand",
    Folder.PURCHASE_INVOICES: "AP purchase purchases inbound incoming in aankoop aankopen aankoopfacturen achat achats"
    " cost costs accounts_payable purchase_invoices purchase_invoice factures_d'achat invoices-in-01 suppliers"
    " inkomend",
    Folder.PURCHASE_RECEIPTS: "receipt receipts purchase_receipts recus reçus reçus_d'achat tickets bonnetjes kasticket"
    " kastickets aankoopbewijzen caro",
    Folder.ENRICHED_MOVEMENT_REPORTS: "cod coda emr statement statements bank banque extraits uittreksels"
    " enriched_movement_reports rapports_de_mouvements_enrichis camt mt940",
    Folder.OTHER_DOCUMENTS: "other others other_documents autres autres_documents divers overige andere documents"
    " soda soda-from-socialoffice",
}

FOLDER_OF_WORD: Final[dict[str, Folder]] = {
    word.casefold(): folder for folder, words in _WORDS.items() for word in words.split()
}
"""The folder that a word in a path or an address means; in lower case, with `_` for spaces."""

_EVERYDAY = (
    "in out incoming outgoing cost costs income incomes bank banque cod customers suppliers tickets other others"
    " autres divers andere overige"
)
EVERYDAY_WORDS: Final = frozenset(_EVERYDAY.split())


def _one_of(words: str) -> str:
    return "|".join(re.escape(word).replace("_", "[ _-]?") for word in sorted(words.split(), key=len, reverse=True))


_DEEPEST = 16
_BY_NAME = frozenset({"generic", "billit-sftp"})
"""Layouts that recognize a client by the name of its folder."""
_NUMBER = r"(?:[A-Za-z]{2}[ .]?)?[0-9][0-9A-Za-z. -]{6,17}"

FIELDS: Final[dict[str, str]] = {
    "prefix": r"(?:[^/]+/)*?",
    "rest": r"(?P<rest>(?:[^/]+/)*)",
    "file": r"[^/]+",
    "name": r"(?P<name>[^/]*?)",
    "client": r"(?P<client>[^/]+)",
    "code": r"(?P<code>[^/]+)",
    "number": rf"(?P<number>{_NUMBER})",
    "firm": rf"(?P<firm>{_NUMBER})",
    "year": r"(?P<year>(?:19|20)[0-9]{2})",
    "account": r"(?P<account>[A-Za-z]{2}[0-9]{2}[0-9A-Za-z ]{8,34})",
    "direction": rf"(?P<direction>{_one_of(' '.join(_WORDS.values()))})",
    "order": r"(?P<direction>incomes?|costs?)",
    "flow": r"(?P<direction>inbound|outbound|statements)",
    "ledger": r"(?P<direction>Accounts Payable|Accounts Receivable)",
    "stage": r"(?:Transfer|Enriched_transfer|Enriched_archived|Enriched_error|Error)",
    "codabox": r"(?P<direction>SODA-from-socialoffice|CARO|Invoices-IN-01|Invoices-OUT-01)",
}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiles the pattern on first use, as this takes a while and most starts need none."""
    return re.compile(re.sub(r"\{(\w+)\}", lambda field: FIELDS[field[1]], pattern), re.I)


def read_path(path: str) -> PathHints:
    r"""Returns the hints of a path below a source, with `/` or `\` between its parts. Raises nothing."""
    path = unicodedata.normalize("NFC", path)
    segments = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")][-_DEEPEST:]
    normalized = "/".join(segments)
    for layout in LAYOUTS:
        match = _compiled(layout.pattern).fullmatch(normalized)
        hints = _hints(layout.name, match.groupdict()) if match else None
        if hints is not None:
            return _with_unknown(hints, segments[:-1])
    return _any_folder(segments[:-1])


def _any_folder(folders: list[str]) -> PathHints:
    """Returns hints of a path without a direction: any folder may be the client's, the deepest first."""
    names = tuple(reversed(folders))
    keys = next((keys for name in names if (keys := _keys_inside(name))), ())
    return PathHints(layout="generic", keys=keys, names=names)


def _hints(layout: str, found: dict[str, str | None]) -> PathHints | None:
    """Returns the hints, or `None` if the value of a field is invalid."""
    number, account = found.get("number"), found.get("account")
    keys = keys_of_number(number) if number else ()
    if number and not keys:
        return None
    if account and not is_iban(account):
        return None
    client = found.get("client") or found.get("code") or ""
    direction = found.get("direction")
    names = tuple(name.strip() for name in (found.get("name"), client) if name and name.strip(" _"))
    return PathHints(
        layout=layout,
        folder=folder_of(direction) if direction else (Folder.ENRICHED_MOVEMENT_REPORTS if account else None),
        direction=direction,
        keys=keys or _keys_inside(client),
        names=names,
        account=normalise_account(account) if account else None,
        firm=found.get("firm"),
        year=int(found["year"] or 0) if found.get("year") else None,
        vague=layout in _BY_NAME and (direction or "").casefold() in EVERYDAY_WORDS,
    )


def _keys_inside(client: str) -> tuple[str, ...]:
    """Returns keys of a segment that is, begins or ends with a number: `0465123710`, `PARVIS BE0465.123.710`."""
    for part in (client, client.rpartition("_")[2], client.rpartition(" ")[2], client.partition(" ")[0]):
        keys = keys_of_number(part)
        if keys:
            return keys
    return ()


def keys_of_number(text: str) -> tuple[str, ...]:
    """Returns the key of a VAT or enterprise number, as the sorter compares it; empty for other text."""
    number = belgian_number(text)
    if number:
        return party_keys([("0208", number)])
    vat = normalise_vat(text)
    return party_keys([("VAT", vat)]) if vat else ()


def folder_of(word: str) -> Folder | None:
    """Returns the folder of a word (`AP`, `Aankopen`, `Purchase invoices`), or `None`."""
    folded = re.sub(r"[ _-]+", "_", word.strip().casefold())
    return FOLDER_OF_WORD.get(folded) or FOLDER_OF_WORD.get(folded.replace("_", "-"))


def _with_unknown(hints: PathHints, folders: list[str]) -> PathHints:
    if hints.layout == "generic" and hints.direction is None:
        return hints
    known = {hints.direction, hints.firm, hints.account, str(hints.year), "Invoice_import"}
    unknown = [
        folder
        for folder in folders
        if folder not in known
        and not any(name in folder for name in hints.names)
        and not (hints.keys and keys_of_number(folder.strip("_")) == hints.keys)
    ]
    return msgspec.structs.replace(hints, unknown=tuple(unknown))
