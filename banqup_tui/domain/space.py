"""The accounting firm: the tenant in which everything else lives."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class Role(StrEnum):
    ADMINISTRATOR = "ADMINISTRATOR"
    CLIENT_MANAGER = "CLIENT_MANAGER"
    ACCOUNTANT = "ACCOUNTANT"


class Space(Value, frozen=True, kw_only=True):
    id: str
    name: str
