"""The key by which senders know the SFTP drop."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from banqup_tui.backend.directory import HOST_KEY_FILE
from banqup_tui.backend.host_key import fingerprint_of


def test_whoever_asks_at_once_is_told_one_key_that_only_the_owner_can_read(tmp_path: Path) -> None:
    for number in range(5):
        home = tmp_path / str(number)
        home.mkdir()
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(fingerprint_of, [home] * 8))
        assert len(set(found)) == 1
        assert [path.name for path in home.iterdir()] == [HOST_KEY_FILE]
        assert stat.S_IMODE((home / HOST_KEY_FILE).stat().st_mode) == 0o600
