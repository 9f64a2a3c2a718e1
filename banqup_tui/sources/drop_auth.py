"""Authentication of an SFTP drop by password or public key, with limits on attempts and connections."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

import asyncssh

from banqup_tui.domain.passwords import is_password
from banqup_tui.domain.text import clean
from banqup_tui.sources.drop_account import Account, Lookup

MOST_TRIES: Final = 6
"""Failed passwords of a connection; an address may have ten times as many within ten minutes."""
_MOST_FROM_AN_ADDRESS: Final = 10 * MOST_TRIES
_WITHIN: Final = 600.0
MOST_STRANGERS: Final = 96
STRANGERS_OF_AN_ADDRESS: Final = 24
"""Connections before sign-in, more than a sender opens at once. At the limit the oldest is closed for a new one."""
MOST_CONNECTIONS: Final = 256
_LINES_A_MINUTE: Final = 30
_LONGEST_NAME_LOGGED: Final = 64
_NOBODYS_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
"""An all-zero key, which no private key can match."""
_log = logging.getLogger(__name__)


class DropAuth:
    """Authenticates connections and keeps the list of open ones."""

    def __init__(self, lookup: Lookup, connections: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.account = lookup
        self._connections = connections
        self._clock = clock
        self._peers: dict[_Peer, None] = {}  # insertion order is the order of arrival
        self._failures: dict[str, deque[float]] = {}
        self._hashing = asyncio.Semaphore(2)
        self._minute, self._lines = clock(), 0

    def new_connection(self) -> "_Peer":
        return _Peer(self)

    async def refresh_accounts(self) -> None:
        """Closes connections whose account was removed or changed."""
        for peer in list(self._peers):
            if peer.account is not None and await self.account(peer.account.name) != peer.account:
                peer.disconnect()

    def disconnect_all(self) -> None:
        for peer in list(self._peers):
            peer.disconnect()

    def admit(self, peer: "_Peer") -> bool:
        """Admits a connection; returns false if there are too many. Idle connections cannot lock out other senders."""
        strangers = [one for one in self._peers if one.account is None]
        of_address = [one for one in strangers if one.address == peer.address]
        if len(of_address) >= STRANGERS_OF_AN_ADDRESS:
            self._disconnect_oldest(of_address)
        elif len(strangers) >= MOST_STRANGERS:
            (most, _), *_ = Counter(one.address for one in strangers).most_common(1)
            self._disconnect_oldest([one for one in strangers if one.address == most])
        if len(self._peers) >= MOST_CONNECTIONS:
            return False
        self._peers[peer] = None
        return True

    def _disconnect_oldest(self, peers: "list[_Peer]") -> None:
        """Closes the oldest connection, preferably one that has not sent a user name."""
        oldest = next((one for one in peers if not one.username), peers[0])
        self._peers.pop(oldest, None)
        oldest.disconnect()

    def remove(self, peer: "_Peer") -> None:
        self._peers.pop(peer, None)

    def has_free_slot(self, account: "Account") -> bool:
        return sum(one.account == account for one in self._peers) < self._connections

    def is_blocked(self, address: str) -> bool:
        tries = self._failures.get(address, deque())
        while tries and self._clock() - tries[0] > _WITHIN:
            tries.popleft()
        if not tries:
            self._failures.pop(address, None)
        return len(tries) >= _MOST_FROM_AN_ADDRESS

    def failed(self, address: str) -> None:
        if len(self._failures) > 10_000:
            self._failures.clear()
        self._failures.setdefault(address, deque()).append(self._clock())

    def note(self, address: str, username: str, passwords: int, keys: int) -> None:
        """Logs a failed sign-in, with cleaned text and a limit on lines, so that strangers cannot fill the log."""
        if self._clock() - self._minute >= 60:
            if self._lines > _LINES_A_MINUTE:
                _log.warning("the drop: %d more sign-ins failed", self._lines - _LINES_A_MINUTE)
            self._minute, self._lines = self._clock(), 0
        self._lines += 1
        if self._lines <= _LINES_A_MINUTE:
            name = clean(username[:_LONGEST_NAME_LOGGED])
            _log.warning(
                "the drop: sign-in failed, from %s as %r (%d passwords, %d keys)",
                clean(address),
                name,
                passwords,
                keys,
            )

    async def with_password(self, name: str, password: str) -> "Account | None":
        """Checks a password.

        Takes the same time for unknown names and accounts with a key, so that names cannot be probed.
        """
        account = await self.account(name)
        async with self._hashing:
            right = await asyncio.to_thread(is_password, password, account.secret if account else None)
        return account if right else None


class _Peer(asyncssh.SSHServer):
    """One connection. `account` is set after sign-in; `_known` is the account of the last attempt."""

    def __init__(self, auth: DropAuth) -> None:
        self._auth = auth
        self._connection: asyncssh.SSHServerConnection | None = None
        self.address = ""
        self.username = ""
        self._tries = 0
        self._keys = 0
        self._known: Account | None = None
        self.account: Account | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self.address = str(conn.get_extra_info("peername", ("",))[0])
        if self._auth.is_blocked(self.address) or not self._auth.admit(self):
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._auth.remove(self)
        if self.account is None and (self._tries or self._keys):
            self._auth.note(self.address, self.username, self._tries, self._keys)

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.abort()

    def begin_auth(self, username: str) -> bool:
        self.username = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self._is_over():
            return False
        self._known = await self._auth.with_password(username, password)
        if self._known is not None:
            return True
        self._tries += 1
        self._auth.failed(self.address)
        if self._is_over():
            self.disconnect()
        return False

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Tells whether the key belongs to the account.

        asyncssh calls this before and after the signature, and admits only a client that has signed.

        An unknown name costs the same work as a known one, so that names cannot be probed.
        """
        self._keys += 1
        self._known = account = await self._auth.account(username)
        line = account.public_key if account else None
        is_equal = key.public_data == asyncssh.import_public_key(line or _NOBODYS_KEY).public_data
        return is_equal and line is not None

    def auth_completed(self) -> None:
        # asyncssh reports the name of the last request, which need not be the name whose password or key was right.
        known, connection = self._known, self._connection
        username = connection.get_extra_info("username") if connection else None
        if connection is None or known is None or known.name != username or not self._auth.has_free_slot(known):
            self.disconnect()
        else:
            self.account = known
            connection.set_extra_info(banqup_account=known.id)

    def _is_over(self) -> bool:
        return self._tries >= MOST_TRIES or self._auth.is_blocked(self.address)
