"""Sources of documents (watched folders, SFTP drop, mailbox), unfiled files, and filing rules."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Sha256, Value


class SourceKind(StrEnum):
    FOLDER = "FOLDER"
    SFTP_DROP = "SFTP_DROP"
    MAILBOX = "MAILBOX"


class DropAccount(Value, frozen=True, kw_only=True):
    """An account of the SFTP drop. Files of an account with `client_id` or `folder` are filed there.

    With `by_key` it signs in with a public key, else with a password, of which only a slow hash is stored.
    """

    id: str
    name: str
    client_id: str | None = None
    folder: Folder | None = None
    by_key: bool = False


class Source(Value, frozen=True, kw_only=True):
    """A source of documents.

    `path` is the watched folder, the address of the SFTP drop (`HOST:PORT`), or that of the mailbox
    (`domain.mailbox_address`); `fingerprint` is that of the drop's host key (`SHA256:…`). `problems` are why the
    source, or something in it, cannot be read now. `taken` and `refused` count files, `letters` the mails in the
    mailbox without a document. `move_to` is the folder of the server to which mails that were taken are moved.
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
    letters: int = 0
    move_to: str | None = None


class Unfiled(Value, frozen=True, kw_only=True):
    """A file whose client or folder is unknown, or that cannot be read, with its reason.

    `source` is the path of a folder, `sftp` with the name of the account, `mailbox` with its user, or `import`;
    `file_name` is the path below it; `container` is the name of the container in which it came. `client_id` and
    `folder` are a guess, if there is any. The keys (domain.identifiers) are those of the seller, the buyer, and the
    account of a bank report.
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
    container: str | None = None


class RuleKind(StrEnum):
    """IDENTIFIER: the party with this number is the client. PATH: files below this path belong to the client.

    SENDER, RECIPIENT, SUBJECT: mails of the mailbox that have this text there belong to the client.
    """

    IDENTIFIER = "IDENTIFIER"
    PATH = "PATH"
    SENDER = "SENDER"
    RECIPIENT = "RECIPIENT"
    SUBJECT = "SUBJECT"


MAIL_RULES = (RuleKind.SENDER, RuleKind.RECIPIENT, RuleKind.SUBJECT)
SHORTEST_MAIL_RULE = 3
"""Characters that a rule on mails has at least: two stand in half of all subjects."""


class PlacingRule(Value, frozen=True, kw_only=True):
    """A filing rule, made when a user files an unfiled file, or for mails.

    `match` is a key (`be:0465123710`), the beginning of a path below `source`, or a text in a mail without case and
    accents. Rules of IDENTIFIER have no `folder`; those on mails may have one.
    """

    id: str
    kind: RuleKind
    match: str
    client_id: str
    folder: Folder | None = None
    source: str | None = None
    at: datetime | None = None


class Learned(Value, frozen=True, kw_only=True):
    """The rule that would be made of a file."""

    kind: RuleKind
    match: str


_BY_SELLER = frozenset({Folder.SALES_INVOICES})
_BY_BUYER = frozenset({Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS})


def what_is_learned(unfiled: Unfiled, folder: Folder) -> Learned | None:
    """Returns the rule that filing a file into this folder would make.

    The rule is by the number of the party that is then the client (the seller of sales invoices, the buyer of
    purchases), else by the file's directory. Without either it is `None`: names alone make no rule.
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
    """Returns True if the document has numbers of its parties.

    Documents of its kind can be filed by their numbers, so its directory must not decide for other documents.
    """
    return bool(unfiled.seller_key or unfiled.buyer_key or unfiled.account_key)
