"""The directories of the program. `BANQUP_HOME=DIR` puts all of them under DIR."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec


class AppDirs(msgspec.Struct, frozen=True):
    """The directories of the program, as absolute paths. `made` makes them with mode 0700."""

    config: Path
    data: Path
    cache: Path
    runtime: Path
    log: Path

    @property
    def backend(self) -> Path:
        """The directory of the local backend, with its database and files."""
        return self.data / "backend"

    @property
    def copies(self) -> Path:
        """The directory of local copies and outboxes, with a subdirectory for each server, space and user."""
        return self.data / "copies"

    @property
    def root(self) -> Path | None:
        """The directory that contains all others, as with BANQUP_HOME; else `None`."""
        parent = self.data.parent
        return parent if dirs_under(parent) == self else None

    @property
    def directories(self) -> tuple[Path, ...]:
        return (self.config, self.data, self.cache, self.runtime, self.log)

    def made(self) -> "AppDirs":
        """Makes missing directories, and takes the rights of other users away from existing ones. Returns itself."""
        for directory in self.directories:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if directory.stat().st_mode & 0o077:
                # `mkdir` sets no mode on a directory that exists. PermissionError: it belongs to another user.
                with suppress(PermissionError):
                    directory.chmod(0o700)
        return self


def dirs() -> AppDirs:
    base = os.environ.get("BANQUP_HOME")
    if base:
        return dirs_under(Path(base).expanduser().absolute())
    return _platform_dirs()


def dirs_under(root: Path) -> AppDirs:
    """Returns directories that are all below `root`."""
    return AppDirs(root / "config", root / "data", root / "cache", root / "runtime", root / "log")


def _platform_dirs() -> AppDirs:
    import platformdirs

    dirs = platformdirs.PlatformDirs("banqup-tui", appauthor=False)
    return AppDirs(
        Path(dirs.user_config_dir).absolute(),
        Path(dirs.user_data_dir).absolute(),
        Path(dirs.user_cache_dir).absolute(),
        Path(dirs.user_data_dir).absolute() / "runtime",
        Path(dirs.user_log_dir).absolute(),
    )
