"""Encrypts ("seals") settings and tokens in the database with a key in a file that only the owner can read.

The algorithm is AES-256-GCM. A sealed value is bound to its row and column by the associated data of the encryption.
Copied to another row it cannot be opened, so an attacker who can write to the database cannot have one client's
password sent to another client's receiver.
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
from typing import Literal, NamedTuple

import msgspec

from banqup_tui import whole_file
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret, revealed
from banqup_tui.domain.values import JsonObject

_log = logging.getLogger(__name__)

_FORMAT = b"\x02"
"""First byte of a sealed value; the id of the key, the nonce and the ciphertext follow. Values of 0.4.0 are Fernet
tokens and begin with `gAAAA`."""

_ID_BYTES, _NONCE_BYTES, _KEY_BYTES = 4, 12, 32


class SealedElsewhere(BanqupError):
    """A value cannot be opened: it was sealed with another key or for another place, or its bytes are damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(message("service.sealed-elsewhere", file=path.name))


class SealedPlace(NamedTuple):
    """The table, row and column of a sealed value: the associated data of its encryption."""

    table: str
    row: str
    column: str

    @property
    def bound(self) -> bytes:
        """The associated data."""
        return msgspec.json.encode(["banqup", *self])


def of_installation(installation_id: str) -> SealedPlace:
    """Returns the place of the settings of an installation."""
    return SealedPlace("installation", installation_id, "settings")


def of_version(integration_id: str, version: int, column: Literal["own", "effective"]) -> SealedPlace:
    """Returns the place of one version of an integration's settings."""
    return SealedPlace("settings", f"{integration_id}/{version}", column)


def of_sign_in(sign_in_id: str) -> SealedPlace:
    """Returns the place of the tokens of a sign-in."""
    return SealedPlace("sign_in", sign_in_id, "sealed")


def of_mailbox(source_id: str) -> SealedPlace:
    """Returns the place of the password of a mailbox."""
    return SealedPlace("mailbox", source_id, "sealed")


class SealedContent(msgspec.Struct, frozen=True):
    """The content of a sealed value.

    Which values are secret is decided when it is sealed, because the extension that knows it may be missing later.
    """

    shown: JsonObject
    secret: JsonObject


class _KeyFile(msgspec.Struct):
    """The content of the key file.

    Attributes:
        current: Id of the key that seals.
        keys: Keys by id.
        tag: Key of `Vault.tag`. It is never replaced, because tags are compared with older ones.
        fernet: Key of 0.4.0, as long as values sealed with it may exist.
    """

    current: str
    keys: dict[str, bytes]
    tag: bytes
    fernet: bytes = b""


_content = msgspec.json.Decoder(SealedContent)
_key_file = msgspec.json.Decoder(_KeyFile)


class Vault:
    """Seals and opens values; its methods may be called from any thread.

    Args:
        path: The key file. It is created at the first use, by one process only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: _KeyFile | None = None
        self._lock = threading.Lock()

    def seal(self, place: SealedPlace, values: Mapping[str, object], secrets: Collection[str] = ()) -> bytes:
        """Seals values for a place. `secrets` are the names of the values that are never to be shown."""
        content = SealedContent(
            shown={name: value for name, value in values.items() if name not in secrets},
            secret={name: revealed(value) for name, value in values.items() if name in secrets},
        )
        return self.seal_content(place, content)

    def seal_content(self, place: SealedPlace, content: SealedContent) -> bytes:
        """Seals a content for a place with the current key and a random nonce."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        keys = self._keys()
        nonce = token_bytes(_NONCE_BYTES)
        sealed = AESGCM(keys.keys[keys.current]).encrypt(nonce, msgspec.json.encode(content), place.bound)
        return _FORMAT + bytes.fromhex(keys.current) + nonce + sealed

    def open(self, place: SealedPlace, sealed: bytes) -> dict[str, object]:
        """Returns all values, secret texts as `Secret`.

        Raises:
            SealedElsewhere: If the value cannot be opened.
        """
        content = self.content(place, sealed)
        return {**content.shown, **{name: _hidden(value) for name, value in content.secret.items()}}

    def shown(
        self, extension_id: str, place: SealedPlace, sealed: bytes | None
    ) -> tuple[dict[str, object], tuple[str, ...]]:
        """Returns the values that may be shown and the names of the secrets.

        Both are empty if the value cannot be opened (which is logged), so that a list of many does not fail for one.
        """
        if sealed is None:
            return {}, ()
        try:
            content = self.content(place, sealed)
        except SealedElsewhere as error:
            _log.warning("settings of %s: %s", extension_id, error)
            return {}, ()
        return content.shown, tuple(sorted(content.secret))

    def content(self, place: SealedPlace, sealed: bytes) -> SealedContent:
        """Opens a value; raises `SealedElsewhere` if that is not possible."""
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
        """Returns an HMAC-SHA256 of a text that may have secrets in it, to compare it with later ones.

        Without the key nobody can test guesses of the text. Tags of different purposes differ.
        """
        return hmac.digest(self._keys().tag, purpose.encode() + b"\0" + text, hashlib.sha256).hex()

    # Change of keys (see `integrations.key_rotation`)

    @property
    def is_between_keys(self) -> bool:
        """Whether values may exist that were not sealed with the current key."""
        keys = self._keys()
        return bool(keys.fernet) or len(keys.keys) > 1

    def is_current(self, sealed: bytes) -> bool:
        """Returns whether the current key sealed the value."""
        return sealed.startswith(_FORMAT + bytes.fromhex(self._keys().current))

    def content_of_before(self, place: SealedPlace, sealed: bytes) -> SealedContent:
        """Opens a value as `content` does, and also values of 0.4.0, which were bound to no place."""
        keys = self._keys()
        if sealed[:1] == _FORMAT or not keys.fernet:
            return self.content(place, sealed)
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return _content.decode(Fernet(keys.fernet).decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealedElsewhere(self._path) from None

    def begin_new_key(self) -> None:
        """Adds a new key, which seals from now on. The older keys still open values, until `forget_older_keys`."""
        keys = self._keys()
        new = _new_id(keys)
        self._write(_KeyFile(new, {**keys.keys, new: token_bytes(_KEY_BYTES)}, keys.tag, keys.fernet))

    def forget_older_keys(self) -> None:
        """Removes all keys but the current one. Every value must be sealed with the current one before."""
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


def _hidden(value: object) -> object:
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
    """Decodes the key file. The file of 0.4.0 is one Fernet key; it stays as `fernet` beside new keys."""
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
