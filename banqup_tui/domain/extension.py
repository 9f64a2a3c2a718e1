"""Extensions of the Banqup Store, and their installations in the firm's space."""

from enum import StrEnum

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import JsonObject, Value

Words = dict[str, str]
"""A text by language code; `en` is always there."""


def in_languages(text: str | Words) -> Words:
    """The texts by language code of one that may be given in English only."""
    return {"en": text} if isinstance(text, str) else text


def in_language(words: Words, language: str) -> str:
    return words.get(language) or words["en"]


class Category(StrEnum):
    ACCOUNTING_SOFTWARE = "ACCOUNTING_SOFTWARE"
    FILES_AND_DRIVES = "FILES_AND_DRIVES"
    MAIL_AND_SIGNALS = "MAIL_AND_SIGNALS"
    OTHER = "OTHER"


class ReceiverKind(StrEnum):
    """How an attempt that was cut off can be settled at a receiver (docs/protocol.md, "Delivery ledger").

    KEY: sent again under the same idempotency key. RENAME: the rename of a hidden file is tried again. LOOKUP: the
    receiver is asked. NEITHER: the user decides.
    """

    KEY = "KEY"
    RENAME = "RENAME"
    LOOKUP = "LOOKUP"
    NEITHER = "NEITHER"


class Extension(Value, frozen=True, kw_only=True):
    """A connector with its texts and the schema of its settings.

    `settings_schema` is a JSON Schema object (draft 2020-12). Its properties may have these keywords:

    * `x-level`: `firm` or `client`, the level at which the setting is usually entered.
    * `x-titles`, `x-help`: texts (`Words`).
    * `x-template`: the value may have `[placeholders]` (domain.path_template).
    * `x-look`: `email`, `host`, `port`, `url`, `path`, `choice` or `sign-in`; without it, text.
    * `x-example`: a valid value.
    * `x-when`: the setting is asked only while each named setting has one of the listed values.
    * `writeOnly`: a secret, which is never sent back.

    An extension with a `connector` is a preset: an accounting package by name, over the connector of the extension of
    this id. `countries` are ISO 3166-1 codes, empty for everywhere; `notes` say what has to be done at the package
    first; `source` is the page of its maker; `tested` says that the package itself has received documents by it.

    `problem` is set if the extension does not load. `package` is the distribution of an extension of another author;
    none of its code runs until the owner has `allowed` it.
    """

    id: str
    title: Words
    description: Words
    category: Category
    kind: ReceiverKind
    version: str
    settings_schema: JsonObject
    media_types: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ALL_FOLDERS
    max_size: int | None = None
    problem: Message | None = None
    package: str = ""
    allowed: bool = True
    connector: str = ""
    countries: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()
    source: str = ""
    tested: bool = False


class InstallationState(StrEnum):
    INSTALLED = "INSTALLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


class Installation(Value, frozen=True, kw_only=True):
    """An extension installed in the space; its settings are the defaults of every client.

    `settings` has no secrets; `secrets` are the names of those that are stored.
    """

    id: str
    extension_id: str
    settings: JsonObject = {}
    secrets: tuple[str, ...] = ()
    state: InstallationState = InstallationState.INSTALLED
    reason: Message | None = None
