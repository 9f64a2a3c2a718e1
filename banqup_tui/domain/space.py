"""The space of an accounting firm: the tenant to which all other values belong."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class Role(StrEnum):
    ADMINISTRATOR = "ADMINISTRATOR"
    CLIENT_MANAGER = "CLIENT_MANAGER"
    ACCOUNTANT = "ACCOUNTANT"


class Space(Value, frozen=True, kw_only=True):
    id: str
    name: str
