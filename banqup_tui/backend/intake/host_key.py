"""Host key of the SFTP drop: generated once, stored with mode 0600, known to senders by its fingerprint.

RSA with 3,072 bits and SHA-2 signatures is understood by every maintained SFTP client, including Java clients without
extra libraries, and accepted by audits. Keys of earlier versions (ECDSA on P-256) stay, as senders know them.
"""

import base64
import hashlib
from pathlib import Path

from banqup_tui import whole_file
from banqup_tui.backend.paths import HOST_KEY_FILE


def fingerprint_of(home: Path) -> str:
    """Returns the fingerprint (`SHA256:…`, as OpenSSH shows it).

    Generates a missing key. Raises `OSError`, `ValueError`.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    path = home / HOST_KEY_FILE
    if not path.exists():
        _make(path)
    key = load_ssh_private_key(path.read_bytes(), None)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _make(path: Path) -> None:
    """Creates the file unless another process has created it meanwhile."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    whole_file.create(path, text)
