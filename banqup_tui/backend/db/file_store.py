"""Files addressed by their SHA-256, below one directory: `files/ab/abcd…`. Written whole or not at all."""

import filecmp
import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path

from banqup_tui.domain.values import is_sha256
from banqup_tui.kill_points import kill_point
from banqup_tui.whole_file import hashed, sync_directory, write_new


class HashDiffers(Exception):
    """The bytes are not those that were announced."""


class FileStore:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._healed: list[str] = []
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def home(self) -> Path:
        """The directory of the service, in which the store stands."""
        return self._root.parent

    def sweep(self) -> None:
        """Takes away what uploads left behind that were cut off. Only while nobody else writes here."""
        for leftover in self._root.glob(".*.part"):
            leftover.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Raises `ValueError` for what is no hash: no other text becomes a path."""
        if not is_sha256(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self._root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def is_whole(self, sha256: str) -> bool:
        """It is there, and its bytes are those that its name announces. Reads the whole file."""
        try:
            with self.path(sha256).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def take_healed(self) -> list[str]:
        """Files that were damaged or missing and came in again since this was last asked."""
        healed, self._healed = self._healed, []
        return healed

    def put(self, chunks: Iterable[bytes], expected: str | None = None) -> tuple[str, bool]:
        """Returns the SHA-256 and whether it is new. Raises `HashDiffers` and keeps nothing if it is not `expected`.

        Bytes that come in again take the place of a file that is damaged.
        """
        temporary = self._root / f".{secrets.token_hex(8)}.part"
        digest = hashlib.sha256()
        try:
            write_new(temporary, hashed(chunks, digest))
            kill_point("file.temp")
            return self._adopt(temporary, digest.hexdigest(), expected)
        finally:
            temporary.unlink(missing_ok=True)

    def _adopt(self, temporary: Path, sha256: str, expected: str | None) -> tuple[str, bool]:
        if expected is not None and sha256 != expected:
            raise HashDiffers(sha256)
        final = self.path(sha256)
        if final.is_file() and filecmp.cmp(temporary, final, shallow=False):
            return sha256, False
        self._healed.append(sha256)
        final.parent.mkdir(exist_ok=True, mode=0o700)
        temporary.replace(final)
        sync_directory(final.parent)
        kill_point("file.renamed")
        return sha256, True
