"""Where the program keeps its files. `BANQUP_HOME=DIR` puts everything under DIR."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec


class AppDirs(msgspec.Struct, frozen=True):
    """Directories with absolute paths, made with mode 0700 when first needed (`made`)."""

    config: Path
    data: Path
    cache: Path
    runtime: Path
    log: Path

    @property
    def backend(self) -> Path:
        """Database and files of the local backend."""
        return self.data / "backend"

    @property
    def copies(self) -> Path:
        """Local copies and outboxes, one folder per server, space and user."""
        return self.data / "copies"

    @property
    def root(self) -> Path | None:
        """The one directory that holds them all, as with BANQUP_HOME."""
        parent = self.data.parent
        return parent if dirs_under(parent) == self else None

    @property
    def directories(self) -> tuple[Path, ...]:
        return (self.config, self.data, self.cache, self.runtime, self.log)

    def made(self) -> "AppDirs":
        for directory in self.directories:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if directory.stat().st_mode & 0o077:
                # One that was there before, or was made for another purpose: what is in it is the user's alone.
                with suppress(PermissionError):
                    directory.chmod(0o700)
        return self


def dirs() -> AppDirs:
    base = os.environ.get("BANQUP_HOME")
    if base:
        return dirs_under(Path(base).expanduser().absolute())
    return _platform_dirs()


def dirs_under(root: Path) -> AppDirs:
    """Everything below one directory."""
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
