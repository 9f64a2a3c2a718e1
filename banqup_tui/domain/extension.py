"""What stands in the Banqup Store, and what the firm has installed of it."""

from enum import StrEnum
from typing import Any

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value

Words = dict[str, str]
"""One text by language code, always with `en`."""


def in_language(words: Words, language: str) -> str:
    return words.get(language) or words["en"]


class Category(StrEnum):
    ACCOUNTING_SOFTWARE = "ACCOUNTING_SOFTWARE"
    FILES_AND_DRIVES = "FILES_AND_DRIVES"
    MAIL_AND_SIGNALS = "MAIL_AND_SIGNALS"
    OTHER = "OTHER"


class ReceiverKind(StrEnum):
    """What can be known of a receiver after an attempt that was cut off (docs/guarantees.md)."""

    KEY = "KEY"
    RENAME = "RENAME"
    LOOKUP = "LOOKUP"
    NEITHER = "NEITHER"


class Extension(Value, frozen=True, kw_only=True):
    """A connector with its texts and its settings schema.

    `settings_schema` is a JSON Schema object (2020-12). Of each property it also says: `x-level` `firm` or `client`
    (where it is usually given), `x-titles` and `x-help` (Words), `x-template` (may hold `[placeholders]`),
    `x-look` (`email`, `host`, `port`, `url`, `path`, `choice`, `sign-in`; else text), `x-example` (a right value),
    `writeOnly` (a secret: never sent back), `x-when` (it is asked only while the named settings have one of the values
    listed for each). `problem` is set where the extension does not load.

    `package`: the distribution that brings it, where it is not this program's own; `allowed`: whether the owner has let
    that package in. Until then none of it is run.
    """

    id: str
    title: Words
    description: Words
    category: Category
    kind: ReceiverKind
    version: str
    settings_schema: dict[str, Any]
    media_types: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ALL_FOLDERS
    max_size: int | None = None
    problem: Message | None = None
    package: str = ""
    allowed: bool = True


class InstallationState(StrEnum):
    INSTALLED = "INSTALLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


class Installation(Value, frozen=True, kw_only=True):
    """An extension installed in the space: its settings are the template for every client.

    `settings` holds no secrets; `secrets` names those that are kept.
    """

    id: str
    extension_id: str
    settings: dict[str, Any] = {}
    secrets: tuple[str, ...] = ()
    state: InstallationState = InstallationState.INSTALLED
    reason: Message | None = None
