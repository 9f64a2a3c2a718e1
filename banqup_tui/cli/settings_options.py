"""The options `--set KEY=VALUE` and `--set-file KEY=PATH`: values of settings, converted by the JSON Schema.

Any user of a computer can read the commands that run on it, so secrets come by `KEY=-` or from a file.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from banqup_tui.cli.output import say
from banqup_tui.domain.days import read_day
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message, of_setting, with_params
from banqup_tui.domain.setting_rules import Schema, example_of, flaw_of, kind_of, plain
from banqup_tui.presentation.words import N_, _


class WrongSetting(BanqupError):
    exit_code = 2


_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class FromFile(NamedTuple):
    """The argument of `--set-file`."""

    pair: str


Pair = str | FromFile


def settings_options(function: Callable[..., object]) -> Callable[..., object]:
    """Adds `--set` and `--set-file`. The command gets both as `settings`, for `read_settings`."""

    @click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help=N_("A setting. KEY= takes it away; KEY=- asks for a secret, or reads it from standard input."),
    )
    @click.option(
        "--set-file", "setting_files", multiple=True, metavar="KEY=PATH", help=N_("A setting that is read from a file.")
    )
    @wraps(function)
    def with_settings(*args: object, settings: Sequence[str], setting_files: Sequence[str], **more: object) -> object:
        return function(*args, settings=(*settings, *map(FromFile, setting_files)), **more)

    return with_settings


def read_settings(pairs: Iterable[Pair], schema: Schema) -> dict[str, object]:
    """Returns the values of the options; `KEY=` gives null, which removes a value.

    Raises `WrongSetting`, for an unknown key with the nearest one.
    """
    pairs_read = [_split(pair, schema) for pair in pairs]
    asked = [key for key, text, is_file in pairs_read if text == "-" and not is_file and _is_secret(schema, key)]
    secrets = _asked_for(asked, schema)
    values = {}
    for key, text, is_file in pairs_read:
        if is_file:
            text = _of_file(key, text)
        elif key in secrets:
            text = secrets[key]
        elif text and _is_secret(schema, key):
            say(_("{key}: others can read it in the command. Better: --set {key}=- or --set-file.").format(key=key))
        values[key] = None if text == "" else _value(key, text, schema["properties"][key])
    return values


def _is_secret(schema: Schema, key: str) -> bool:
    return bool(plain(schema["properties"][key]).get("writeOnly"))


def _asked_for(keys: Sequence[str], schema: Schema) -> dict[str, str]:
    """Asks for secrets without showing them. Without a person, reads a line for each from stdin; all of it for one."""
    if not keys:
        return {}
    if sys.stdin.isatty():
        return {
            key: click.prompt(str(schema["properties"][key].get("title", key)), hide_input=True, err=True)
            for key in keys
        }
    content = sys.stdin.read().rstrip("\r\n")
    lines = [content] if len(keys) == 1 else content.splitlines()
    if len(lines) != len(keys) or not all(lines):
        wanted, answered = len(keys), len([line for line in lines if line])
        raise WrongSetting(message("cli.standard-input-short", names=", ".join(keys), found=answered, wanted=wanted))
    return dict(zip(keys, lines, strict=True))


def _of_file(key: str, path: str) -> str:
    """Returns the text of a file without the line end that editors add."""
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise WrongSetting(message("cli.setting-file-unreadable", reason, key=key, path=path)) from error
    except UnicodeDecodeError:
        raise WrongSetting(message("cli.setting-file-no-text", key=key, path=path)) from None


folder_option = click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("Takes only this folder; may be given several times."),
)


def folders_option(names: Iterable[str]) -> tuple[Folder, ...] | None:
    """Returns the folders, in their usual order; `None` without any."""
    named = {name.upper() for name in names}
    return tuple(folder for folder in Folder if folder.value in named) or None


def day_option(text: str | None) -> date | None:
    """Returns the day. Raises `WrongSetting` for a text that is none."""
    if text is None:
        return None
    parsed = read_day(text)
    if parsed is None:
        raise WrongSetting(message("cli.no-day", text=text))
    return parsed


def _split(pair: Pair, schema: Schema) -> tuple[str, str, bool]:
    """Returns name, text, and whether the text is the path of a file."""
    is_file = isinstance(pair, FromFile)
    key, equals, text = (pair.pair if isinstance(pair, FromFile) else pair).partition("=")
    if not equals:
        raise WrongSetting(message("cli.no-value", key=key))
    properties: Mapping[str, Any] = schema.get("properties", {})
    if key not in properties:
        raise WrongSetting(_no_setting(key, list(properties)))
    if text and kind_of(properties[key]) == "sign-in":
        raise WrongSetting(message("cli.is-a-sign-in", key=key))
    return key, text, is_file


def _value(key: str, text: str, property_schema: Mapping[str, object]) -> object:
    property_schema = plain(property_schema)
    if "type" not in property_schema and "enum" in property_schema:
        return _choice(key, text, property_schema)
    kind = property_schema.get("type", "string")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    if "boolean" in kinds and text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    if "integer" in kinds or "number" in kinds:
        number = _number(text, whole="number" not in kinds)
        if number is not None:
            return number
    if "array" in kinds:
        return [part.strip() for part in text.split(",")]
    if "string" not in kinds:
        raise WrongSetting(message("cli.not-of-type", key=key, text=text, type=" | ".join(kinds)))
    if "enum" in property_schema:
        return _choice(key, text, property_schema)
    flaw = flaw_of(property_schema, text)
    if flaw is not None:
        raise WrongSetting(of_setting(with_params(flaw.message, example=example_of(property_schema)), {"en": key}))
    return text


def _choice(key: str, text: str, property_schema: Mapping[str, Any]) -> object:
    choices = property_schema["enum"]
    choice = next((possible for possible in choices if str(possible) == text), None)
    if choice is None:
        raise WrongSetting(message("cli.not-a-choice", key=key, text=text, choices=", ".join(map(str, choices))))
    return choice


def _number(text: str, *, whole: bool) -> int | float | None:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return None


def _no_setting(key: str, known: list[str]) -> Message:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    if near:
        return message("cli.no-setting-near", key=key, near=near[0])
    if not known:
        return message("cli.no-settings", key=key)
    return message("cli.no-setting", key=key, known=", ".join(known))
