"""The address of a mailbox: `imaps://facturen@kantoor.be@imap.kantoor.be:993/INBOX`."""

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value


class MailboxSecurity(StrEnum):
    """How the connection is protected, as the scheme of the address. Plain text is spoken on this computer only."""

    TLS = "imaps"
    STARTTLS = "imap+starttls"
    NONE = "imap"


PORTS: Final = {MailboxSecurity.TLS: 993, MailboxSecurity.STARTTLS: 143, MailboxSecurity.NONE: 143}
_ADDRESS: Final = re.compile(
    r"(?P<security>imaps|imap\+starttls|imap)://(?P<user>[^/]{1,254})"
    r"@(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]{1,253}):(?P<port>[0-9]{1,5})/(?P<folder>.{1,250})"
)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class WrongMailboxAddress(BanqupError):
    """The text is no address of a mailbox, or of one that may not be used."""


class MailboxAddress(Value, frozen=True, kw_only=True):
    """Server, user and folder of a mailbox. `text` is the form in which it is stored and shown."""

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    security: MailboxSecurity = MailboxSecurity.TLS

    @property
    def text(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.security}://{self.user}@{host}:{self.port}/{self.folder}"


def read_address(text: str) -> MailboxAddress:
    """Returns the address.

    Raises:
        WrongMailboxAddress: also for control characters, which the server would read as commands, and for plain text to
            another computer.
    """
    found = None if _CONTROLS.search(text) else _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise WrongMailboxAddress(message("mailbox.no-address", text=text))
    security = MailboxSecurity(found["security"])
    if security is MailboxSecurity.STARTTLS and int(found["port"]) == PORTS[MailboxSecurity.TLS]:
        raise WrongMailboxAddress(message("mailbox.no-address", text=text))
    host = found["host"].strip("[]").lower()
    if security is MailboxSecurity.NONE and not _is_this_computer(host):
        raise WrongMailboxAddress(message("mailbox.would-be-readable", host=host))
    return MailboxAddress(
        host=host, port=int(found["port"]), user=found["user"], folder=found["folder"], security=security
    )


def is_usable_to_move_to(name: str, address: MailboxAddress) -> bool:
    """Tells whether mails of a mailbox can be moved to a folder: another one, without the wildcards of IMAP."""
    own = address.folder.casefold()
    return 0 < len(name) <= 250 and not _CONTROLS.search(name) and not set("*%") & set(name) and name.casefold() != own


def _is_this_computer(host: str) -> bool:
    """Tells whether the host is a loopback address. A name may lead anywhere, so none is believed."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
