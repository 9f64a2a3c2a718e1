"""Questions of an SFTP drop to the service: the account of a name, and to store a file."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from banqup_tui.domain.values import Value


class Account(Value, frozen=True, kw_only=True):
    """An account of the drop.

    It has either `secret`, a password hash (`domain.passwords`), or `public_key`, a line as in `authorized_keys`.
    """

    id: str
    name: str
    secret: str | None = None
    public_key: str | None = None


class NotTaken(Exception):
    """The file could not be stored. The sender gets the sentence and must send the file again."""


Lookup = Callable[[str], Awaitable[Account | None]]
"""Returns the account of a user name, or `None`; called at each sign-in."""
Take = Callable[[str, str, Path], Awaitable[str]]
"""`await take(account id, path, file)` stores the file for good and returns its SHA-256. Raises `NotTaken`."""
TakeAgain = Callable[[str, str, str], Awaitable[None]]
"""`await take_again(account id, path, sha256)` records a new path for a stored file."""
