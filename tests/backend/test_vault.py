from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from banqup_tui.backend.vault import SealedElsewhere, Vault


def test_what_is_sealed_can_be_opened_after_a_restart_and_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    sealed = Vault(path).seal({"password": "geheim", "port": 22})
    assert b"geheim" not in sealed
    assert Vault(path).open(sealed) == {"password": "geheim", "port": 22}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [seen.name for seen in tmp_path.iterdir()] == ["vault.key"]


def test_many_who_come_first_make_one_key(tmp_path: Path) -> None:
    vaults = [Vault(tmp_path / "vault.key") for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda vault: vault.seal({"a": 1}), vaults))
    assert all(vaults[0].open(one) == {"a": 1} for one in sealed)


def test_another_key_is_said_so(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "a").seal({})
    with pytest.raises(SealedElsewhere, match="another key"):
        Vault(tmp_path / "b").open(sealed)
