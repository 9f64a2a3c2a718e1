"""The host key of the SFTP drop: made once, kept with mode 0600, known to senders by its fingerprint.

RSA of 3,072 bits, signed with SHA-2: what every kept SFTP client understands, Java ones without a further library
included, and no audit objects to. Keys of before (ECDSA on P-256) stay: senders know them.
"""

import base64
import hashlib
from pathlib import Path

from banqup_tui import whole_file
from banqup_tui.backend.paths import HOST_KEY_FILE


def fingerprint_of(home: Path) -> str:
    """`SHA256:…` as OpenSSH shows it. Makes the key where there is none. Raises `OSError` and `ValueError`."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    path = home / HOST_KEY_FILE
    if not path.exists():
        _make(path)
    key = load_ssh_private_key(path.read_bytes(), None)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _make(path: Path) -> None:
    """Whoever comes second finds the first one's."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    whole_file.create(path, text)
