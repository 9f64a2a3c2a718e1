"""What an SFTP drop asks of the service behind it: who may come in, and to keep what came."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from banqup_tui.domain.values import Value


class Account(Value, frozen=True, kw_only=True):
    """`secret`: a kept password (`domain.passwords`); `public_key`: a line as in `authorized_keys`. One of the two."""

    id: str
    name: str
    secret: str | None = None
    public_key: str | None = None


class NotTaken(Exception):
    """It could not be kept; the sender is told the sentence, and has to send it again."""


Lookup = Callable[[str], Awaitable[Account | None]]
"""Who has this user name now; asked at each sign-in."""
Take = Callable[[str, str, Path], Awaitable[str]]
"""`await take(account id, path, file)`: keeps the file for good, and gives its SHA-256. Raises `NotTaken`."""
TakeAgain = Callable[[str, str, str], Awaitable[None]]
"""`await take_again(account id, path, sha256)`: what was taken already has been given another path."""
