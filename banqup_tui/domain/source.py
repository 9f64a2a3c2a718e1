"""A way by which documents come into the backend, and what waits to be placed."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Sha256, Value


class SourceKind(StrEnum):
    FOLDER = "FOLDER"
    SFTP_DROP = "SFTP_DROP"


class DropAccount(Value, frozen=True, kw_only=True):
    """Who may put files into an SFTP drop. `client_id` and `folder` say whose they are, where the account is bound.

    `by_key`: signs in with a public key; else with a password, of which only a slow hash is kept.
    """

    id: str
    name: str
    client_id: str | None = None
    folder: Folder | None = None
    by_key: bool = False


class Source(Value, frozen=True, kw_only=True):
    """`problems` say why it, or something in it, cannot be read now.

    `path` is the folder that is watched, or the address of an SFTP drop (`HOST:PORT`); `fingerprint` is that of the
    drop's host key, as `SHA256:…`.
    """

    id: str
    kind: SourceKind
    path: str
    taken: int = 0
    refused: int = 0
    problems: tuple[Message, ...] = ()
    last_at: datetime | None = None
    fingerprint: str | None = None
    accounts: tuple[DropAccount, ...] = ()


class Unfiled(Value, frozen=True, kw_only=True):
    """A file whose client or folder could not be told, or that could not be read, with its reason.

    `source` is a folder's path, `sftp` with the account's name, or `import`; `file_name` is the path below it.
    `client_id` and `folder` are what seems likely, where anything does. The keys are identifiers on the document, as
    the sorter compares them: of the seller, the buyer, the account of a bank report.
    """

    id: str
    source: str
    file_name: str
    reason: Message
    sha256: Sha256 | None = None
    at: datetime | None = None
    client_id: str | None = None
    folder: Folder | None = None
    seller_key: str | None = None
    buyer_key: str | None = None
    account_key: str | None = None


class RuleKind(StrEnum):
    """IDENTIFIER: who bears this number is this client. PATH: what comes below this path is this client's."""

    IDENTIFIER = "IDENTIFIER"
    PATH = "PATH"


class PlacingRule(Value, frozen=True, kw_only=True):
    """What was learned from a file that was placed by hand.

    `match` is an identifier (`be:0465123710`), or the beginning of a path below `source`. `folder` goes with PATH.
    """

    id: str
    kind: RuleKind
    match: str
    client_id: str
    folder: Folder | None = None
    source: str | None = None
    at: datetime | None = None


class Learned(Value, frozen=True, kw_only=True):
    kind: RuleKind
    match: str


_BY_SELLER = frozenset({Folder.SALES_INVOICES})
_BY_BUYER = frozenset({Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS})


def what_is_learned(unfiled: Unfiled, folder: Folder) -> Learned | None:
    """The rule that a placement into this folder would make: by the number of the party that the client then is, else
    by the directory it came in. `None` where there is neither: nothing is learned from names alone.
    """
    key = unfiled.account_key
    if folder in _BY_SELLER:
        key = unfiled.seller_key
    elif folder in _BY_BUYER:
        key = unfiled.buyer_key
    if key:
        return Learned(kind=RuleKind.IDENTIFIER, match=key)
    directory = unfiled.file_name.rpartition("/")[0]
    return Learned(kind=RuleKind.PATH, match=directory) if directory and not _has_numbers(unfiled) else None


def _has_numbers(unfiled: Unfiled) -> bool:
    """Its kind says whose it is by itself: a directory it happened to lie in must not decide for the next."""
    return bool(unfiled.seller_key or unfiled.buyer_key or unfiled.account_key)
