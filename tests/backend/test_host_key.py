"""The key by which senders know the SFTP drop."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from banqup_tui.backend.intake.host_key import fingerprint_of
from banqup_tui.backend.paths import HOST_KEY_FILE


def test_the_key_is_rsa_of_3072_bits_that_only_the_owner_can_read(tmp_path: Path) -> None:
    assert fingerprint_of(tmp_path) == fingerprint_of(tmp_path)
    key = load_ssh_private_key((tmp_path / HOST_KEY_FILE).read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 3072
    assert stat.S_IMODE((tmp_path / HOST_KEY_FILE).stat().st_mode) == 0o600


def test_whoever_asks_at_once_is_told_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With smaller keys: 40 of the usual size take 17 s of CPU, and their size makes no difference here."""
    generate = rsa.generate_private_key
    monkeypatch.setattr(
        rsa, "generate_private_key", lambda public_exponent, key_size: generate(public_exponent, key_size // 3)
    )
    for number in range(5):
        home = tmp_path / str(number)
        home.mkdir()
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(fingerprint_of, [home] * 8))
        assert len(set(found)) == 1
        assert [path.name for path in home.iterdir()] == [HOST_KEY_FILE]
