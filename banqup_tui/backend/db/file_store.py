"""Stores files by their SHA-256 below one directory (`files/ab/abcd…`). A file is stored whole or not at all."""

import filecmp
import hashlib
import secrets
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from banqup_tui.domain.values import is_sha256
from banqup_tui.kill_points import kill_point
from banqup_tui.whole_file import NewFiles, hashed, sync_directory, write_new

_MOST_TOGETHER: Final = 100
"""Files that are open until they are synced. A process may have no more than about a thousand open."""


class HashDiffers(Exception):
    """The SHA-256 of the bytes is not the announced one."""


class FileStore:
    """The files of the service; its methods may be called from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._repaired: list[str] = []
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def home(self) -> Path:
        """The directory of the service, which has the store in it."""
        return self._root.parent

    def sweep(self) -> None:
        """Removes temporary files of interrupted uploads. No upload may be running."""
        for leftover in self._root.glob(".*.part"):
            leftover.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Returns the path of a file, which may not exist.

        Raises:
            ValueError: If the text is no SHA-256 in lower-case hex, so that no other text becomes a path.
        """
        if not is_sha256(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self._root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def is_whole(self, sha256: str) -> bool:
        """Returns whether the file exists and has the SHA-256 of its name; reads the whole file."""
        try:
            with self.path(sha256).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def take_repaired(self) -> list[str]:
        """Returns the hashes of files that were missing or damaged and have been stored since the last call."""
        repaired, self._repaired = self._repaired, []
        return repaired

    def remove(self, sha256: str) -> None:
        """Removes a file that nothing names any more."""
        self.path(sha256).unlink(missing_ok=True)

    def put(self, chunks: Iterable[bytes], expected: str | None = None) -> tuple[str, bool]:
        """Stores a file. A damaged file of the same hash is replaced.

        Returns:
            The SHA-256, and whether the file was missing or damaged before.

        Raises:
            HashDiffers: If the SHA-256 is not `expected`; then nothing is stored.
        """
        temporary = self._temporary()
        digest = hashlib.sha256()
        try:
            write_new(temporary, hashed(chunks, digest))
            # A kill here leaves a temporary file, which `sweep` removes at the next start.
            kill_point("file.temp")
            return self._adopt(temporary, digest.hexdigest(), expected)
        finally:
            temporary.unlink(missing_ok=True)

    def put_all(self, files: Iterable[tuple[str | None, bytes | memoryview]]) -> list[tuple[str, bool] | None]:
        """Stores files, some at a time, which are synced together.

        Args:
            files: The bytes of each, and the SHA-256 that is expected, if one is.

        Returns:
            What `put` returns, for each; `None` for a file whose SHA-256 is not the expected one.
        """
        stored: list[tuple[str, bool] | None] = []
        rest = iter(files)
        while some := list(islice(rest, _MOST_TOGETHER)):
            stored += self._put_together(some)
        return stored

    def put_parts(self, parts: Iterable[bytes]) -> list[str]:
        """Stores files whose bytes are in memory, as `put_all` does. Returns the SHA-256 of each."""
        return [one[0] for one in self.put_all((None, part) for part in parts) if one is not None]

    def _put_together(self, files: Iterable[tuple[str | None, bytes | memoryview]]) -> list[tuple[str, bool] | None]:
        stored: list[tuple[str, bool] | None] = []
        temporaries: dict[str, Path] = {}
        try:
            with NewFiles() as new:
                for expected, data in files:
                    sha256 = hashlib.sha256(data).hexdigest()
                    if expected is not None and sha256 != expected:
                        stored.append(None)
                    elif sha256 in temporaries or self._has_bytes(sha256, data):
                        stored.append((sha256, False))
                    else:
                        temporaries[sha256] = temporary = self._temporary()
                        new.write(temporary, [data])
                        stored.append((sha256, True))
                new.sync()
            # A kill here leaves temporary files, which `sweep` removes at the next start.
            kill_point("file.temp")
            for sha256, temporary in temporaries.items():
                self._move(temporary, sha256)
            for directory in {self.path(sha256).parent for sha256 in temporaries}:
                sync_directory(directory)
            if temporaries:
                # A kill here leaves whole files without a row in the database; see `_adopt`.
                kill_point("file.renamed")
            return stored
        finally:
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)

    def _has_bytes(self, sha256: str, data: bytes | memoryview) -> bool:
        try:
            return self.path(sha256).read_bytes() == data
        except FileNotFoundError:
            return False

    def _temporary(self) -> Path:
        return self._root / f".{secrets.token_hex(8)}.part"

    def _move(self, temporary: Path, sha256: str) -> None:
        final = self.path(sha256)
        self._repaired.append(sha256)
        final.parent.mkdir(exist_ok=True, mode=0o700)
        temporary.replace(final)

    def _adopt(self, temporary: Path, sha256: str, expected: str | None) -> tuple[str, bool]:
        if expected is not None and sha256 != expected:
            raise HashDiffers(sha256)
        final = self.path(sha256)
        if final.is_file() and filecmp.cmp(temporary, final, shallow=False):
            return sha256, False
        self._move(temporary, sha256)
        sync_directory(final.parent)
        # A kill here leaves a whole file without a row in the database; the same content is found here when it is sent
        # again.
        kill_point("file.renamed")
        return sha256, True
