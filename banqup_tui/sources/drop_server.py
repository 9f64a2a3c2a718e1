"""SFTP server that only receives files (SFTP version 3, draft-ietf-secsh-filexfer-02).

A file is imported when the sender closes it or renames it to its final name, and the reply follows the import. A file
that is open when its connection ends is deleted. Importing this module loads asyncssh, so it is imported only where a
drop runs.
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

from banqup_tui.kill_points import kill_point
from banqup_tui.sources.drop_account import Lookup, NotTaken, Take, TakeAgain
from banqup_tui.sources.drop_auth import DropAuth
from banqup_tui.sources.drop_spool import (
    AcceptedFile,
    AccountSpool,
    DropLimits,
    PartialFile,
    RefusalReason,
    SpoolRefusal,
    has_temporary_name,
    normalized_path,
)

SECONDS_TO_SIGN_IN: Final = 20
SECONDS_BETWEEN_SIGNS: Final = 60
MOST_REFUSED_WRITES: Final = 1_000
"""Refused writes of a session; a sender may have hundreds in transit when it reads the first refusal."""
_log = logging.getLogger(__name__)
logging.getLogger("asyncssh").setLevel(logging.WARNING)  # asyncssh logs file and user names at INFO

KEY_EXCHANGES: Final = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
)
"""Key exchanges of asyncssh without objections from ssh-audit. The first needs a recent OpenSSL."""
SIGNATURES: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
"""Algorithms of senders' keys, and of older host keys; new ones are RSA."""
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
    """One listening server. It runs on the event loop of the drop process."""

    def __init__(
        self, spool: Path, lookup: Lookup, take: Take, take_again: TakeAgain, limits: DropLimits | None = None
    ) -> None:
        self.take = take
        self.take_again = take_again
        self.limits = limits or DropLimits()
        self._spool = spool
        self._spools: dict[str, AccountSpool] = {}
        self._auth = DropAuth(lookup, self.limits.connections)
        self._acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def is_lost(self) -> bool:
        """Returns false: a drop in this process does not end by itself."""
        return False

    @property
    def port(self) -> int:
        return self._acceptor.get_port() if self._acceptor else 0

    async def listen(self, host: str, port: int, host_key: Path) -> None:
        """Raises `OSError` if the address is not free."""
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
        """Stops listening and closes the connections. A thread that is storing a file finishes first."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._auth.disconnect_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._acceptor.wait_closed()

    async def refresh_accounts(self) -> None:
        """Reads the accounts again and closes connections of removed ones."""
        await self._auth.refresh_accounts()

    def clean_spool(self, account_ids: Collection[str]) -> None:
        """Before listening: deletes incomplete files, and the spools of removed accounts."""
        for spool in self._spool.iterdir() if self._spool.is_dir() else ():
            if spool.name not in account_ids:
                shutil.rmtree(spool, ignore_errors=True)
        for account_id in account_ids:
            self._spool_of(account_id)

    def _spool_of(self, account_id: str) -> AccountSpool:
        if account_id not in self._spools:
            self._spools[account_id] = AccountSpool(self._spool / account_id, self.limits)
        return self._spools[account_id]

    def _session(self, channel: "asyncssh.SSHServerChannel[bytes]") -> asyncssh.SFTPServer:
        account_id = str(channel.get_connection().get_extra_info("banqup_account"))
        return _Session(channel, self, account_id, self._spool_of(account_id))


def _without_old_signatures(host_key: Path) -> list[asyncssh.SSHKeyPair]:
    """Loads the host key without SHA-1: `signature_algs` of asyncssh 2.24 covers only senders' keys."""
    pairs = list(asyncssh.load_keypairs([str(host_key)]))
    for pair in pairs:
        pair.host_key_algorithms = [name for name in pair.host_key_algorithms if name.decode() in SIGNATURES]
    return pairs


def _is_close_request() -> bool:
    """Tells whether `close` was called for the sender's close request.

    Workaround of asyncssh 2.24.1, which also calls `SFTPServer.close` for each file that is open when the session ends.
    Nothing documented tells the two apart: `exit` is called after these calls; the connection and the channel may be
    open still, after a malformed packet or the end of what the sender writes; and a sender does not announce the size
    of a file. Taking the second for the first would import half a document. The caller's code tells: requests are
    handled by `SFTPServerHandler._process_close`. If it is renamed or calls `close` by another way, no upload is taken,
    and tests/backend/test_drop.py fails.
    """
    return sys._getframe(2).f_code is SFTPServerHandler._process_close.__code__


def _status_error(error: Exception) -> asyncssh.SFTPError:
    if isinstance(error, SpoolRefusal):
        kinds: dict[RefusalReason, type[Any]] = {
            RefusalReason.NOT_THERE: asyncssh.SFTPNoSuchFile,
            RefusalReason.DENIED: asyncssh.SFTPPermissionDenied,
        }
        return kinds.get(error.why, asyncssh.SFTPFailure)(error.sentence)  # type: ignore[no-any-return]
    if isinstance(error, NotTaken):
        return asyncssh.SFTPFailure(str(error))
    return asyncssh.SFTPFailure("The disk of the receiver does not take it.")


class _Session(asyncssh.SFTPServer):
    """A session of one connection. asyncssh handles its requests one after the other."""

    def __init__(self, channel: Any, drop: Drop, account_id: str, spool: AccountSpool) -> None:
        super().__init__(channel)
        self._channel = channel
        self._drop = drop
        self._account_id = account_id
        self._spool = spool
        self._refused = 0

    # Writing

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_READ and not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("Files are only taken here, not given.")
        with _AsSftpError():
            place = normalized_path(path)
            if pflags & asyncssh.FXF_EXCL and self._spool.accepted(place):
                raise SpoolRefusal(RefusalReason.THERE, "There is a file of this name.")
            truncate = bool(pflags & asyncssh.FXF_TRUNC) or not self._is_there(place)
            return self._spool.begin(place, truncate=truncate)

    def _is_there(self, place: str) -> bool:
        return self._spool.waiting(place) is not None or self._spool.accepted(place) is not None

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        partial = _partial_file(file_obj)
        with _AsSftpError():
            try:
                self._spool.write(partial, offset, data)
            except SpoolRefusal:
                self._count_refused()
                raise
        return len(data)

    def _count_refused(self) -> None:
        """Counts refused writes.

        A sender stops after the first, or a few in transit; one that goes on is disconnected.
        """
        self._refused += 1
        if self._refused > MOST_REFUSED_WRITES:
            self._channel.get_connection().abort()

    def close(self, file_obj: object) -> Awaitable[None] | None:
        partial = _partial_file(file_obj)
        if _is_close_request():
            return self._finish(partial)
        self._spool.drop(partial)
        return None

    async def _finish(self, partial: PartialFile) -> None:
        with _AsSftpError():
            file = self._spool.finish(partial)
            if file is None:
                return
            try:
                await self._take(partial.path, file)
            finally:
                self._spool.drop(partial)

    async def _take(self, path: str, file: Path) -> None:
        size = _size(file)
        if size == 0:
            # The limit is checked before the import, and the memory written after it: a failed import must be
            # repeatable.
            return
        self._spool.count()
        # Kill point: the file is whole and the service was not asked to take it; the sender sends it again.
        kill_point("drop.received")
        sha256 = await self._drop.take(self._account_id, _relative_text(path), file)
        # Kill point: the import is committed, and the sender is not told; it sends the file again.
        kill_point("drop.taken")
        self._spool.remember(path, AcceptedFile(size=size, at=int(time.time()), sha256=sha256))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        with _AsSftpError():
            await self._rename(normalized_path(oldpath), normalized_path(newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        with _AsSftpError():
            await self._rename(normalized_path(oldpath), normalized_path(newpath))

    async def _rename(self, old: str, new: str) -> None:
        """Renames a waiting file: to a final name it is imported, to a temporary one moved.

        An imported file is recorded under the new path.
        """
        waiting, accepted = self._spool.waiting(old), self._spool.accepted(old)
        if waiting is not None and not has_temporary_name(new):
            await self._take(new, waiting)
            self._spool.remove(old)
        elif waiting is not None or self._spool.is_directory(old):
            self._spool.move(old, new)
        elif accepted is not None:
            await self._drop.take_again(self._account_id, _relative_text(new), accepted.sha256)
            self._spool.forget(old)
            self._spool.remember(new, accepted)
        else:
            raise SpoolRefusal(RefusalReason.NOT_THERE, "There is no such file.")

    def fsync(self, file_obj: object) -> None:
        _partial_file(file_obj).stream.flush()

    # Reading of attributes and directories

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        with _AsSftpError():
            place = normalized_path(path)
            accepted = self._spool.accepted(place)
            if accepted is not None:
                return asyncssh.SFTPAttrs(size=accepted.size, permissions=_FILE, atime=accepted.at, mtime=accepted.at)
            if self._spool.is_directory(place):
                return asyncssh.SFTPAttrs(permissions=_DIRECTORY, atime=0, mtime=0)
            waiting = self._spool.waiting(place)
            if waiting is None:
                raise SpoolRefusal(RefusalReason.NOT_THERE, "There is no such file.")
            return _attributes(waiting)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=_partial_file(file_obj).size, permissions=_FILE, atime=0, mtime=int(time.time()))

    def realpath(self, path: bytes) -> bytes:
        with _AsSftpError():
            return os.fsencode(normalized_path(path))

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Lists directories and waiting files, which is enough for senders to find their way."""
        with _AsSftpError():
            entries = self._spool.entries(normalized_path(path))
        for name in (b".", b".."):
            yield asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(permissions=_DIRECTORY))
        for entry in entries:
            attrs = asyncssh.SFTPAttrs(permissions=_DIRECTORY) if entry.is_dir() else _attributes(entry)
            yield asyncssh.SFTPName(os.fsencode(entry.name), attrs=attrs)

    # Other changes

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        with _AsSftpError():
            self._spool.make_directory(normalized_path(path))

    def rmdir(self, path: bytes) -> None:
        with _AsSftpError():
            self._spool.remove_directory(normalized_path(path))

    def remove(self, path: bytes) -> None:
        with _AsSftpError():
            self._spool.remove(normalized_path(path))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Ignores permissions and times, which senders set routinely. Refuses a new size."""
        if attrs.size is not None:
            raise asyncssh.SFTPPermissionDenied("A file that is done is not changed.")

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        if attrs.size is not None:
            with _AsSftpError():
                self._spool.truncate(_partial_file(file_obj), attrs.size)

    # Refused operations: asyncssh's defaults would work on this machine's files.

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


def _partial_file(file_obj: object) -> PartialFile:
    assert isinstance(file_obj, PartialFile)
    return file_obj


def _relative_text(path: str) -> str:
    """Returns the path as text relative to the account's root; bytes that are not UTF-8 are replaced."""
    return os.fsencode(path.lstrip("/")).decode("utf-8", "replace")


class _AsSftpError:
    """Converts refusals and disk errors into SFTP errors."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SpoolRefusal | NotTaken | OSError):
            if isinstance(error, OSError):
                _log.warning("a drop could not keep a file: %s", error.strerror)
            raise _status_error(error) from error
