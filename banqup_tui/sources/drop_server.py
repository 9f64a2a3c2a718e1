"""An SFTP server into which files can be put, and nothing else (SFTP version 3, draft-ietf-secsh-filexfer-02).

A file is taken when a sender closes it, or renames it to its final name; only then does the sender hear that it went
well. A file that is open when its connection ends is thrown away: `close` is believed only where the sender asked.
The module loads the SSH library, so it is imported only where a drop is turned on.
"""

import asyncio
import logging
import os
import shutil
import stat
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncssh
from asyncssh.kex import get_kex_algs
from asyncssh.sftp import SFTPServerHandler

from banqup_tui.sources.drop_account import Lookup, NotTaken, Take, TakeAgain
from banqup_tui.sources.drop_auth import DropAuth
from banqup_tui.sources.drop_spool import (
    AcceptedFile,
    AccountSpool,
    DropLimits,
    Half,
    SpoolRefusal,
    Why,
    has_temporary_name,
    tidy,
)

SECONDS_TO_SIGN_IN: Final = 20
SECONDS_BETWEEN_SIGNS: Final = 60
MOST_REFUSED_WRITES: Final = 1_000
"""Of one session; a sender may have hundreds under way when it hears of the first."""
_log = logging.getLogger(__name__)
logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it names files and users at INFO

_CLOSE_WAS_ASKED: Final = SFTPServerHandler._process_close.__code__


KEY_EXCHANGES: Final = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
)
"""Of what the library knows, that to which ssh-audit has nothing to object. The first needs a newer OpenSSL."""
SIGNATURES: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
"""Of senders' keys, and of an older host key: new ones are RSA."""
CIPHERS: Final = (
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
MACS: Final = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")


class Drop:
    """One listening server. Who may come in is asked at the door."""

    def __init__(
        self, spool: Path, lookup: Lookup, take: Take, take_again: TakeAgain, limits: DropLimits | None = None
    ) -> None:
        self.take = take
        self.take_again = take_again
        self.limits = limits or DropLimits()
        self._spool = spool
        self._corners: dict[str, AccountSpool] = {}
        self._auth = DropAuth(lookup, self.limits.connections)
        self._acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def is_lost(self) -> bool:
        """It does not end by itself."""
        return False

    @property
    def port(self) -> int:
        return self._acceptor.get_port() if self._acceptor else 0

    async def listen(self, host: str, port: int, host_key: Path) -> None:
        """Raises `OSError` where the address cannot be had."""
        self._acceptor = await asyncssh.listen(
            host,
            port,
            server_factory=self._auth.new_connection,
            server_host_keys=_without_old_signatures(host_key),
            sftp_factory=self._session,
            allow_scp=False,
            kex_algs=[name for name in KEY_EXCHANGES if name.encode() in get_kex_algs()],
            signature_algs=SIGNATURES,
            encryption_algs=CIPHERS,
            mac_algs=MACS,
            compression_algs=["none"],
            login_timeout=SECONDS_TO_SIGN_IN,
            keepalive_interval=SECONDS_BETWEEN_SIGNS,
            gss_host=None,
            server_version="Banqup",
        )

    async def close(self) -> None:
        """No new connection; those that are there end. A take under way is finished by its own thread."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._auth.show_all_out()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._acceptor.wait_closed()

    async def look_round(self) -> None:
        """Something about the accounts may have changed: who may no longer be here is shown out."""
        await self._auth.look_round()

    def tidy_up(self, account_ids: Collection[str]) -> None:
        """Before it listens: what was cut off is thrown away, and what accounts left that are no more."""
        for corner in self._spool.iterdir() if self._spool.is_dir() else ():
            if corner.name not in account_ids:
                shutil.rmtree(corner, ignore_errors=True)
        for account_id in account_ids:
            self._corner(account_id)

    def _corner(self, account_id: str) -> AccountSpool:
        if account_id not in self._corners:
            self._corners[account_id] = AccountSpool(self._spool / account_id, self.limits)
        return self._corners[account_id]

    def _session(self, channel: "asyncssh.SSHServerChannel[bytes]") -> asyncssh.SFTPServer:
        account_id = str(channel.get_connection().get_extra_info("banqup_account"))
        return _Session(channel, self, account_id, self._corner(account_id))


def _without_old_signatures(host_key: Path) -> list[asyncssh.SSHKeyPair]:
    """`signature_algs` is for senders' keys only: with an RSA key the library (2.24) would sign with SHA-1, too."""
    pairs = list(asyncssh.load_keypairs([str(host_key)]))
    for pair in pairs:
        pair.host_key_algorithms = [name for name in pair.host_key_algorithms if name.decode() in SIGNATURES]
    return pairs


def _status_error(error: Exception) -> asyncssh.SFTPError:
    if isinstance(error, SpoolRefusal):
        kinds: dict[Why, type[Any]] = {
            Why.NOT_THERE: asyncssh.SFTPNoSuchFile,
            Why.DENIED: asyncssh.SFTPPermissionDenied,
        }
        return kinds.get(error.why, asyncssh.SFTPFailure)(error.sentence)  # type: ignore[no-any-return]
    if isinstance(error, NotTaken):
        return asyncssh.SFTPFailure(str(error))
    return asyncssh.SFTPFailure("The disk of the receiver does not take it.")


class _Session(asyncssh.SFTPServer):
    """What one connection may do. The library deals with one request after the other."""

    def __init__(self, channel: Any, drop: Drop, account_id: str, corner: AccountSpool) -> None:
        super().__init__(channel)
        self._channel = channel
        self._drop = drop
        self._account_id = account_id
        self._corner = corner
        self._refused = 0

    # writing

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_READ and not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("Files are only taken here, not given.")
        with _Telling():
            place = tidy(path)
            if pflags & asyncssh.FXF_EXCL and self._corner.accepted(place):
                raise SpoolRefusal(Why.THERE, "There is a file of this name.")
            anew = bool(pflags & asyncssh.FXF_TRUNC) or not self._is_there(place)
            return self._corner.begin(place, anew=anew)

    def _is_there(self, place: str) -> bool:
        return self._corner.waiting(place) is not None or self._corner.accepted(place) is not None

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        half = _half(file_obj)
        with _Telling():
            try:
                self._corner.write(half, offset, data)
            except SpoolRefusal:
                self._count_refused()
                raise
        return len(data)

    def _count_refused(self) -> None:
        """A sender stops at the first refusal, or some that it had sent before; who goes on is shown out."""
        self._refused += 1
        if self._refused > MOST_REFUSED_WRITES:
            self._channel.get_connection().abort()

    def close(self, file_obj: object) -> Awaitable[None] | None:
        half = _half(file_obj)
        if sys._getframe(1).f_code is not _CLOSE_WAS_ASKED:
            self._corner.drop(half)  # the library closes what a lost connection left open
            return None
        return self._finish(half)

    async def _finish(self, half: Half) -> None:
        with _Telling():
            file = self._corner.finish(half)
            if file is None:
                return
            try:
                await self._take(half.path, file)
            finally:
                self._corner.drop(half)

    async def _take(self, path: str, file: Path) -> None:
        size = _size(file)
        if size == 0:
            return
        self._corner.count()
        sha256 = await self._drop.take(self._account_id, _words(path), file)
        self._corner.remember(path, AcceptedFile(size=size, at=int(time.time()), sha256=sha256))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        with _Telling():
            await self._rename(tidy(oldpath), tidy(newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        with _Telling():
            await self._rename(tidy(oldpath), tidy(newpath))

    async def _rename(self, old: str, new: str) -> None:
        """To a temporary name it only moves; to a final one it is taken. What was taken is placed anew."""
        waiting, accepted = self._corner.waiting(old), self._corner.accepted(old)
        if waiting is not None and not has_temporary_name(new):
            await self._take(new, waiting)
            self._corner.remove(old)
        elif waiting is not None or self._corner.is_directory(old):
            self._corner.move(old, new)
        elif accepted is not None:
            await self._drop.take_again(self._account_id, _words(new), accepted.sha256)
            self._corner.forget(old)
            self._corner.remember(new, accepted)
        else:
            raise SpoolRefusal(Why.NOT_THERE, "There is no such file.")

    def fsync(self, file_obj: object) -> None:
        _half(file_obj).stream.flush()

    # looking

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        with _Telling():
            place = tidy(path)
            accepted = self._corner.accepted(place)
            if accepted is not None:
                return asyncssh.SFTPAttrs(size=accepted.size, permissions=_FILE, atime=accepted.at, mtime=accepted.at)
            if self._corner.is_directory(place):
                return asyncssh.SFTPAttrs(permissions=_DIRECTORY, atime=0, mtime=0)
            waiting = self._corner.waiting(place)
            if waiting is None:
                raise SpoolRefusal(Why.NOT_THERE, "There is no such file.")
            return _attributes(waiting)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=_half(file_obj).size, permissions=_FILE, atime=0, mtime=int(time.time()))

    def realpath(self, path: bytes) -> bytes:
        with _Telling():
            return os.fsencode(tidy(path))

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Only what a sender needs in order to find its way: directories, and its files that are not done yet."""
        with _Telling():
            entries = self._corner.entries(tidy(path))
        for name in (b".", b".."):
            yield asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(permissions=_DIRECTORY))
        for entry in entries:
            attrs = asyncssh.SFTPAttrs(permissions=_DIRECTORY) if entry.is_dir() else _attributes(entry)
            yield asyncssh.SFTPName(os.fsencode(entry.name), attrs=attrs)

    # changing

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        with _Telling():
            self._corner.make_directory(tidy(path))

    def rmdir(self, path: bytes) -> None:
        with _Telling():
            self._corner.remove_directory(tidy(path))

    def remove(self, path: bytes) -> None:
        with _Telling():
            self._corner.remove(tidy(path))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Rights and times are heard and not kept: senders set them as a matter of course."""
        if attrs.size is not None:
            raise asyncssh.SFTPPermissionDenied("A file that is done is not changed.")

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        if attrs.size is not None:
            with _Telling():
                self._corner.truncate(_half(file_obj), attrs.size)

    # what is not done here: the library would reach for files of this machine

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        raise asyncssh.SFTPPermissionDenied("Files are only taken here, not given.")

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        raise asyncssh.SFTPOpUnsupported("Version 3 of the protocol is spoken here.")

    def readlink(self, path: bytes) -> bytes:
        raise asyncssh.SFTPOpUnsupported("There are no links here.")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("There are no links here.")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("There are no links here.")

    def statvfs(self, path: bytes) -> os.statvfs_result:
        raise asyncssh.SFTPOpUnsupported("The disk is not shown here.")

    def fstatvfs(self, file_obj: object) -> os.statvfs_result:
        raise asyncssh.SFTPOpUnsupported("The disk is not shown here.")

    def map_path(self, path: bytes) -> bytes:
        raise asyncssh.SFTPOpUnsupported("Paths of this machine are not reached from here.")


_FILE: Final = stat.S_IFREG | 0o200
_DIRECTORY: Final = stat.S_IFDIR | 0o700


def _attributes(file: Path) -> asyncssh.SFTPAttrs:
    status = file.stat()
    moment = int(status.st_mtime)
    return asyncssh.SFTPAttrs(size=status.st_size, permissions=_FILE, atime=moment, mtime=moment)


def _size(file: Path) -> int:
    return file.stat().st_size


def _half(file_obj: object) -> Half:
    assert isinstance(file_obj, Half)
    return file_obj


def _words(path: str) -> str:
    """The path as text below the account's root; what is no UTF-8 in it is shown as such."""
    return os.fsencode(path.lstrip("/")).decode("utf-8", "replace")


class _Telling:
    """Our refusals and the disk's, in the words of the protocol."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SpoolRefusal | NotTaken | OSError):
            if isinstance(error, OSError):
                _log.warning("a drop could not keep a file: %s", error.strerror)
            raise _status_error(error) from error
