"""Makes and checks the passwords of an SFTP drop. Only a salted slow hash is stored (scrypt, RFC 7914)."""

import hashlib
import hmac
import re
import secrets

_COST, _BLOCK, _PARALLELISM = 2**15, 8, 1
_MEMORY = 64 * 1024 * 1024
_HASH = re.compile(r"scrypt\$32768\$8\$1\$([0-9a-f]{32})\$([0-9a-f]{64})")
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_password() -> str:
    """Returns a random password of 24 letters and digits (about 139 bits), without those that look alike."""
    return "".join(secrets.choice(_LETTERS) for _ in range(24))


def password_hash(password: str) -> str:
    """Returns the hash of a password for storage: `scrypt$N$r$p$salt$hash`, with salt and hash in hex."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_COST}${_BLOCK}${_PARALLELISM}${salt.hex()}${_hash(password, salt).hex()}"


def is_password_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None


def is_password(password: str, stored: str | None) -> bool:
    """Returns True if a password has the stored hash; False without a hash, or with one of another form.

    It computes a hash in every case, some 60 ms, so that its time does not show a stranger which accounts exist.
    """
    found = _HASH.fullmatch(stored or "")
    salt, wanted = (bytes.fromhex(found[1]), bytes.fromhex(found[2])) if found else (bytes(16), bytes(32))
    is_equal = hmac.compare_digest(_hash(password, salt), wanted)
    return is_equal and found is not None


def _hash(password: str, salt: bytes) -> bytes:
    password_bytes = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(password_bytes, salt=salt, n=_COST, r=_BLOCK, p=_PARALLELISM, maxmem=_MEMORY, dklen=32)
