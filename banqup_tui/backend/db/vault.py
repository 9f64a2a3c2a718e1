"""Settings and tokens at rest: sealed with a key that stands in a file of its own, readable by its owner only.

A sealed value is bound to its place: the row and column that it was written for. Copied to another row it cannot be
opened, so nobody who can write the database has one client's password used for another's receiver.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any, Literal, NamedTuple

import msgspec

from banqup_tui import whole_file
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret, revealed

_log = logging.getLogger(__name__)

_FORMAT = b"\x02"
"""First byte of a sealed value. What an earlier program sealed (Fernet) begins with `gAAAA`."""

_ID_BYTES, _NONCE_BYTES, _KEY_BYTES = 4, 12, 32


class SealedElsewhere(BanqupError):
    """The key at hand is not the one with which it was sealed, the place is another, or the bytes are damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(message("service.sealed-elsewhere", file=path.name))


class Place(NamedTuple):
    """Where a sealed value stands: the associated data of its encryption."""

    table: str
    row: str
    column: str

    @property
    def bound(self) -> bytes:
        return msgspec.json.encode(["banqup", *self])


def of_installation(installation_id: str) -> Place:
    return Place("installation", installation_id, "settings")


def of_version(integration_id: str, version: int, column: Literal["own", "effective"]) -> Place:
    return Place("settings", f"{integration_id}/{version}", column)


def of_sign_in(sign_in_id: str) -> Place:
    return Place("sign_in", sign_in_id, "sealed")


class Content(msgspec.Struct, frozen=True):
    """What a sealed value holds. What is secret is decided when it is sealed, and kept with it."""

    shown: dict[str, Any]
    secret: dict[str, Any]


class _KeyFile(msgspec.Struct):
    """`keys` by their ids. `tag` is never replaced: what it makes is compared over years. `fernet`: of 0.4.0."""

    current: str
    keys: dict[str, bytes]
    tag: bytes
    fernet: bytes = b""


_content = msgspec.json.Decoder(Content)
_key_file = msgspec.json.Decoder(_KeyFile)


class Vault:
    """`path` is the key file; it is made at the first use, once, whoever comes first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: _KeyFile | None = None
        self._lock = threading.Lock()

    def seal(self, place: Place, values: Mapping[str, Any], secrets: Collection[str] = ()) -> bytes:
        """`secrets` names those that are never to be shown."""
        content = Content(
            shown={name: value for name, value in values.items() if name not in secrets},
            secret={name: revealed(value) for name, value in values.items() if name in secrets},
        )
        return self.seal_content(place, content)

    def seal_content(self, place: Place, content: Content) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        keys = self._keys()
        nonce = token_bytes(_NONCE_BYTES)
        sealed = AESGCM(keys.keys[keys.current]).encrypt(nonce, msgspec.json.encode(content), place.bound)
        return _FORMAT + bytes.fromhex(keys.current) + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> dict[str, Any]:
        """All values; those that are secret as a `Secret`. Raises `SealedElsewhere`."""
        content = self.content(place, sealed)
        return {**content.shown, **{name: _hidden(value) for name, value in content.secret.items()}}

    def shown(self, extension_id: str, place: Place, sealed: bytes | None) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What may be shown, and the names of the secrets. Nothing where it cannot be read: a list must not fail."""
        if sealed is None:
            return {}, ()
        try:
            content = self.content(place, sealed)
        except SealedElsewhere as error:
            _log.warning("settings of %s: %s", extension_id, error)
            return {}, ()
        return content.shown, tuple(sorted(content.secret))

    def content(self, place: Place, sealed: bytes) -> Content:
        """Raises `SealedElsewhere`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        at = len(_FORMAT) + _ID_BYTES
        key = self._keys().keys.get(sealed[len(_FORMAT) : at].hex()) if sealed[:1] == _FORMAT else None
        if key is None:
            raise SealedElsewhere(self._path)
        try:
            plain = AESGCM(key).decrypt(sealed[at : at + _NONCE_BYTES], sealed[at + _NONCE_BYTES :], place.bound)
        except (InvalidTag, ValueError):
            raise SealedElsewhere(self._path) from None
        return _content.decode(plain)

    def tag(self, purpose: str, text: bytes) -> str:
        """Stands for a text that may hold secrets, to compare it later; only with the key can guesses be tried."""
        return hmac.digest(self._keys().tag, purpose.encode() + b"\0" + text, hashlib.sha256).hex()

    # Changing keys (see `resealing`)

    @property
    def is_between_keys(self) -> bool:
        """Whether values may be there that the current key has not sealed."""
        keys = self._keys()
        return bool(keys.fernet) or len(keys.keys) > 1

    def is_current(self, sealed: bytes) -> bool:
        return sealed.startswith(_FORMAT + bytes.fromhex(self._keys().current))

    def content_of_before(self, place: Place, sealed: bytes) -> Content:
        """Also of what 0.4.0 has sealed, which was bound to no place. Raises `SealedElsewhere`."""
        keys = self._keys()
        if sealed[:1] == _FORMAT or not keys.fernet:
            return self.content(place, sealed)
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return _content.decode(Fernet(keys.fernet).decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealedElsewhere(self._path) from None

    def begin_new_key(self) -> None:
        """From here on a new key seals; the others still open, until `forget_older_keys`."""
        keys = self._keys()
        new = _new_id(keys)
        self._write(_KeyFile(new, {**keys.keys, new: token_bytes(_KEY_BYTES)}, keys.tag, keys.fernet))

    def forget_older_keys(self) -> None:
        keys = self._keys()
        self._write(_KeyFile(keys.current, {keys.current: keys.keys[keys.current]}, keys.tag))

    def _keys(self) -> _KeyFile:
        with self._lock:
            if self._read is None:
                if not self._path.exists():
                    self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    whole_file.create(self._path, _encoded(_new_keys()))
                found = self._path.read_bytes().strip()
                self._read = _decoded(self._path, found)
                if self._read.fernet and not found.startswith(b"{"):
                    whole_file.replace(self._path, _encoded(self._read))
            return self._read

    def _write(self, keys: _KeyFile) -> None:
        with self._lock:
            whole_file.replace(self._path, _encoded(keys))
            self._read = keys


def _hidden(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) else value


def _new_keys(fernet: bytes = b"") -> _KeyFile:
    new = token_hex(_ID_BYTES)
    return _KeyFile(new, {new: token_bytes(_KEY_BYTES)}, token_bytes(_KEY_BYTES), fernet)


def _new_id(keys: _KeyFile) -> str:
    while (new := token_hex(_ID_BYTES)) in keys.keys:
        pass
    return new


def _encoded(keys: _KeyFile) -> bytes:
    return msgspec.json.encode(keys)


def _decoded(path: Path, found: bytes) -> _KeyFile:
    """Of 0.4.0 the file is the one key alone: it becomes that of what is still sealed with it."""
    if not found.startswith(b"{"):
        try:
            is_key = len(base64.urlsafe_b64decode(found)) == _KEY_BYTES
        except ValueError:
            is_key = False
        if is_key:
            return _new_keys(found)
        raise SealedElsewhere(path)
    try:
        keys = _key_file.decode(found)
    except msgspec.DecodeError:
        raise SealedElsewhere(path) from None
    if keys.current not in keys.keys:
        raise SealedElsewhere(path)
    return keys
