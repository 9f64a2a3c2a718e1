"""A rename that never replaces an existing file, atomic where the system offers that."""

import ctypes
import errno
import os
import sys
import threading
from collections.abc import Callable
from functools import cache

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_NOT_OFFERED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)

_one_at_a_time = threading.Lock()


def rename_without_overwriting(source: str, target: str) -> None:
    """Renames `source` to `target`.

    Raises:
        FileExistsError: `target` exists.
        FileNotFoundError: `source` does not exist.
    """
    exclusive = _exclusive_rename()
    if exclusive is not None:
        failure = exclusive(os.fsencode(source), os.fsencode(target))
        if failure == 0:
            return
        if failure not in _NOT_OFFERED:
            raise OSError(failure, os.strerror(failure), source, None, target)
    # Some network and FUSE file systems lack the exclusive rename. The lock covers the gap between test and rename
    # against our own threads only.
    with _one_at_a_time:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(source, target)


@cache
def _exclusive_rename() -> Callable[[bytes, bytes], int] | None:
    """Returns the system call, which returns an error number, or `None` where the system has none."""
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        renameat2 = library.renameat2

        def on_linux(source: bytes, target: bytes) -> int:
            done = renameat2(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE)
            return 0 if done == 0 else ctypes.get_errno()

        return on_linux
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        renamex_np = library.renamex_np

        def on_macos(source: bytes, target: bytes) -> int:
            return 0 if renamex_np(source, target, _RENAME_EXCL) == 0 else ctypes.get_errno()

        return on_macos
    return None
