"""Settings at rest: sealed with a key that stands in a file of its own, readable by its owner only."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.secret import Secret, revealed

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_log = logging.getLogger(__name__)


class SealedElsewhere(BanqupError):
    """The key at hand is not the one with which it was sealed, or the bytes are damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The settings kept here cannot be read: they were sealed with another key.",
            f"Put the file {path.name} back: it is in the same backup as the database.",
        )


class _Content(msgspec.Struct, frozen=True):
    shown: dict[str, Any]
    secret: dict[str, Any]


_content = msgspec.json.Decoder(_Content)


class Vault:
    """`path` is the key file; it is made at the first use, once, whoever comes first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fernet: Fernet | None = None
        self._lock = threading.Lock()

    def seal(self, values: Mapping[str, Any], secrets: Collection[str] = ()) -> bytes:
        """`secrets` names those that are never to be shown: that is decided now, and kept with them."""
        content = _Content(
            shown={name: value for name, value in values.items() if name not in secrets},
            secret={name: revealed(value) for name, value in values.items() if name in secrets},
        )
        return self._box().encrypt(msgspec.json.encode(content))

    def open(self, sealed: bytes) -> dict[str, Any]:
        """All values; those that are secret as a `Secret`. Raises `SealedElsewhere`."""
        content = self._opened(sealed)
        return {**content.shown, **{name: _hidden(value) for name, value in content.secret.items()}}

    def shown(self, extension_id: str, sealed: bytes | None) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What may be shown, and the names of the secrets. Nothing where it cannot be read: a list must not fail."""
        if sealed is None:
            return {}, ()
        try:
            content = self._opened(sealed)
        except SealedElsewhere as error:
            _log.warning("settings of %s: %s", extension_id, error)
            return {}, ()
        return content.shown, tuple(sorted(content.secret))

    def _opened(self, sealed: bytes) -> _Content:
        from cryptography.fernet import InvalidToken

        try:
            plain = self._box().decrypt(sealed)
        except InvalidToken:
            raise SealedElsewhere(self._path) from None
        return _content.decode(plain)

    def _box(self) -> Fernet:
        with self._lock:
            if self._fernet is None:
                from cryptography.fernet import Fernet

                self._fernet = Fernet(_key(self._path, Fernet.generate_key))
            return self._fernet


def _hidden(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) else value


def _key(path: Path, generate: Any) -> bytes:
    if not path.exists():
        _publish(path, generate())
    return path.read_bytes().strip()


def _publish(path: Path, key: bytes) -> None:
    """Whole or not at all, and never over another's: `link` fails where the name is taken."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(key)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:
            os.rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
