"""The user's own settings: `config.toml` in the configuration directory. Read when they are needed, never written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.values import Value

FILE_NAME = "config.toml"

_CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("en", "fr"),
    "locale": ("en_GB", "fr_BE", "nl_BE", "de_BE"),
    "signs": ("auto", "unicode", "ascii"),
    "theme": ("auto", "dark", "light", "ansi", "high-contrast"),
}


class WrongSettings(BanqupError):
    """Names file, key and what would be right; `EX_CONFIG` of sysexits."""

    exit_code = 78


class Settings(Value, frozen=True, kw_only=True):
    """`language` and `locale` are empty where the environment decides; `signs`: `auto` looks at the locale.

    `theme`: `auto` is dark, and the terminal's own colours where it has fewer than 256.
    """

    language: str = ""
    locale: str = ""
    signs: str = "auto"
    theme: str = "auto"
    firm_name: str = ""


def read_settings(directory: Path) -> Settings:
    """The file's settings over the defaults. Raises `WrongSettings`."""
    path = directory / FILE_NAME
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except UnicodeDecodeError as error:
        raise WrongSettings(f"{path} cannot be read: {error}.", "Mend that line.") from error
    except OSError as error:
        remedy = "Give yourself the right to read it, or set BANQUP_HOME to a directory of your own."
        raise WrongSettings(f"{path} cannot be read: {error.strerror}.", remedy) from error
    found = _parsed(path, content)
    return Settings(**{key: _checked(path, key, value) for key, value in found.items()})


def _parsed(path: Path, content: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(f"{path} cannot be read: {error}.", "Mend that line.") from error


def language_of(settings: Settings, environment: dict[str, str] | None = None) -> str:
    """The settings' language, else that of the locale, as `fr` or `fr_BE.UTF-8`; `words.use_language` takes both."""
    return settings.language or _from_locale(environment)


def locale_of(settings: Settings, environment: dict[str, str] | None = None) -> str:
    """How figures are written: the settings' locale, else their language, else the environment's."""
    return settings.locale or settings.language or _from_locale(environment)


def _from_locale(environment: dict[str, str] | None) -> str:
    where = os.environ if environment is None else environment
    found = next((where[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if where.get(name)), "en")
    return "en" if found in ("C", "POSIX") or found.startswith("C.") else found


def _checked(path: Path, key: str, value: Any) -> str:
    known = list(Settings.__struct_fields__)
    if key not in known:
        raise WrongSettings(f"{path}: unknown key {key}.", _nearest(key, known))
    if not isinstance(value, str):
        raise WrongSettings(f"{path}: {key} must be a text in quotes.", f'For example {key} = "{_example(key)}".')
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        raise WrongSettings(f"{path}: {key} cannot be {value!r}.", f"Choose one of {', '.join(choices)}.")
    return value


def _nearest(key: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Known keys are {', '.join(known)}."


def _example(key: str) -> str:
    return _CHOICES[key][0] if key in _CHOICES else "Fiduciaire de la Meuse"
