"""The user's own settings: `config.toml` in the configuration directory, read when needed and never written."""

from __future__ import annotations

import os
from pathlib import Path

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.presentation.words import languages

FILE_NAME = "config.toml"

_CHOICES: dict[str, tuple[str, ...]] = {
    "locale": ("en_GB", "fr_BE", "nl_BE", "de_BE"),
    "signs": ("auto", "unicode", "ascii"),
    "theme": ("auto", "dark", "light", "ansi", "high-contrast"),
}


class WrongSettings(BanqupError):
    """The file is wrong; the message names file, key and what would be right. The exit code is `EX_CONFIG`."""

    exit_code = 78


class UserSettings(Value, frozen=True, kw_only=True):
    """The settings of the file.

    Attributes:
        language, locale: Empty if the environment decides.
        signs: `auto` uses Unicode if the locale can show it.
        theme: `auto` is dark, or the terminal's own colours if it has fewer than 256.
    """

    language: str = ""
    locale: str = ""
    signs: str = "auto"
    theme: str = "auto"
    firm_name: str = ""


def read_settings(directory: Path) -> UserSettings:
    """Returns the settings of the file over the defaults. Raises `WrongSettings`."""
    path = directory / FILE_NAME
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return UserSettings()
    except UnicodeDecodeError as error:
        raise WrongSettings(message("config.unreadable", str(error), path=path)) from error
    except OSError as error:
        raise WrongSettings(message("config.no-right", error.strerror or str(error), path=path)) from error
    parsed = _parsed(path, content)
    return UserSettings(**{key: _checked(path, key, value) for key, value in parsed.items()})


def _parsed(path: Path, content: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(message("config.unreadable", str(error), path=path)) from error


def language_of(settings: UserSettings, environment: dict[str, str] | None = None) -> str:
    """Returns the language, as `fr` or `fr_BE.UTF-8` (`words.use_language` takes both): set, else of the locale."""
    return settings.language or _from_locale(environment)


def locale_of(settings: UserSettings, environment: dict[str, str] | None = None) -> str:
    """Returns how figures are written: the set locale, else the set language, else the environment's locale."""
    return settings.locale or settings.language or _from_locale(environment)


def _from_locale(environment: dict[str, str] | None) -> str:
    where = os.environ if environment is None else environment
    locale_name = next((where[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if where.get(name)), "en")
    return "en" if locale_name in ("C", "POSIX") or locale_name.startswith("C.") else locale_name


def _checked(path: Path, key: str, value: object) -> str:
    known = list(UserSettings.__struct_fields__)
    if key not in known:
        raise WrongSettings(_unknown(path, key, known))
    if not isinstance(value, str):
        raise WrongSettings(message("config.not-text", path=path, key=key, example=_example(key)))
    choices = _choices(key)
    if choices and value not in choices:
        raise WrongSettings(
            message("config.not-a-choice", path=path, key=key, value=repr(value), choices=", ".join(choices))
        )
    return value


def _choices(key: str) -> tuple[str, ...]:
    return languages() if key == "language" else _CHOICES.get(key, ())


def _unknown(path: Path, key: str, known: list[str]) -> Message:
    import difflib

    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return message("config.unknown-key-near", path=path, key=key, near=near[0])
    return message("config.unknown-key", path=path, key=key, known=", ".join(known))


def _example(key: str) -> str:
    return next(iter(_choices(key)), "Fiduciaire de la Meuse")
