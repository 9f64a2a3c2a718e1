"""Whose a mail is, as its head says it: by the address to which it was sent, then by its sender.

Nothing of it is proven, so it becomes a path, which is a hint for the sorter as that of a file in a folder is:
`facturen+PARVIS+achats@kantoor.be` from `jan@bakkerij.be` is `PARVIS/achats/jan@bakkerij.be`.
"""

import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from banqup_tui.domain.origin import MailOrigin
from banqup_tui.domain.text import safe_file_name
from banqup_tui.sources.layouts import FOLDER_OF_WORD

_MOST_TAGS: Final = 3
_SENDER: Final = re.compile(r"[0-9A-Za-z!#$%&'*+=?^_`{|}~.-]{1,64}@[0-9A-Za-z.-]{1,190}")


def directory_of(mail: MailOrigin, own_address: str) -> str:
    """Returns the directories of a mail's path, the client's first, the sender's last; empty if nothing is known."""
    sender = sender_of(mail)
    if sender.rpartition("@")[2] == own_address.lower().rpartition("@")[2]:
        sender = ""  # one of the firm's people, who forwards mails of all clients
    return "/".join((*_client_parts(mail, own_address), *([sender] if sender else [])))


def sender_of(mail: MailOrigin) -> str:
    """Returns the address of the sender in lower case; empty if there is none of a usual form."""
    address = parseaddr(mail.sender)[1].lower()
    return address if _SENDER.fullmatch(address) else ""


def is_from(mail: MailOrigin, own_address: str) -> bool:
    """Tells whether the mail names the mailbox itself as its sender, with or without a plus part."""
    return "@" in own_address and _base(sender_of(mail)) == _base(own_address.lower())


def _client_parts(mail: MailOrigin, own_address: str) -> tuple[str, ...]:
    """Returns the plus part of the first recipient that has one, else the alias of this mailbox that was written to.

    The recipients begin with those that the server has written down itself (Delivered-To, X-Original-To).
    """
    plus_parts = (tuple(_tags(address)) for address in mail.recipients)
    return next((parts for parts in plus_parts if parts), None) or tuple(_alias(mail, own_address))


def _tags(address: str) -> Iterator[str]:
    local = address.rpartition("@")[0]
    for tag in local.split("+")[1:][:_MOST_TAGS]:
        name = safe_file_name(tag, "")
        if tag.strip(". ") and name:
            yield name


def _alias(mail: MailOrigin, own_address: str) -> Iterator[str]:
    """Yields the name of the first other address in the domain of the mailbox.

    Words for folders are none: `documents@` or `in@` are addresses for everything.
    """
    own = own_address.lower()
    local, _, domain = own.rpartition("@")
    for address in mail.recipients if local else ():
        alias, _, of = _base(address.lower()).rpartition("@")
        if of == domain and alias not in ("", local):
            if alias not in FOLDER_OF_WORD:
                yield safe_file_name(alias)
            return


def _base(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
