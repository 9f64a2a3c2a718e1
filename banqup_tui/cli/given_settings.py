"""`--set KEY=VALUE`: values of an extension's settings, read by its JSON Schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import click

from banqup_tui.domain.days import read_day
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.setting_rules import example_of, flaw_of, kind_of, plain


class WrongSetting(BanqupError):
    exit_code = 2


_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def read_given(pairs: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """`KEY=` takes a value away (null). Raises `WrongSetting` with the nearest key where there is none such."""
    return dict(_read(pair, schema) for pair in pairs)


folder_option = click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help="Takes only this folder; may be given several times.",
)


def folders_given(names: Iterable[str]) -> tuple[Folder, ...] | None:
    """In the order of the folders; None where none is named."""
    named = {name.upper() for name in names}
    return tuple(folder for folder in Folder if folder.value in named) or None


def day_given(text: str | None) -> date | None:
    """Raises `WrongSetting` for what is no day."""
    if text is None:
        return None
    found = read_day(text)
    if found is None:
        raise WrongSetting(f"--since {text}: that is no day.", "Write it as 2026-10-01 or 01/10/2026.")
    return found


def _read(pair: str, schema: Mapping[str, Any]) -> tuple[str, Any]:
    key, equals, text = pair.partition("=")
    if not equals:
        raise WrongSetting(f"--set {pair}: a setting is given as KEY=VALUE.", "Put a = between name and value.")
    properties: Mapping[str, Any] = schema.get("properties", {})
    if key not in properties:
        raise WrongSetting(f"There is no setting {key}.", _nearest(key, list(properties)))
    if text and kind_of(properties[key]) == "sign-in":
        raise WrongSetting(f"{key} is a sign-in, not a text.", "Use --sign-in: it says where to sign in.")
    return key, None if text == "" else _value(key, text, properties[key])


def _value(key: str, text: str, property_schema: Mapping[str, Any]) -> Any:
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
        raise WrongSetting(f"{key} cannot be {text!r}.", f"It takes a value of type {' or '.join(kinds)}.")
    if "enum" in property_schema:
        return _choice(key, text, property_schema)
    flaw = flaw_of(property_schema, text)
    if flaw is not None:
        example = example_of(property_schema)
        raise WrongSetting(f"{key}: {flaw.sentence}", f"For example {example}." if example else "")
    return text


def _choice(key: str, text: str, property_schema: Mapping[str, Any]) -> Any:
    choices = property_schema["enum"]
    found = next((one for one in choices if str(one) == text), None)
    if found is None:
        raise WrongSetting(f"{key} cannot be {text!r}.", f"Choose one of {', '.join(map(str, choices))}.")
    return found


def _number(text: str, *, whole: bool) -> int | float | None:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return None


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    return f"Did you mean {near[0]}?" if near else f"Its settings are {', '.join(known) or 'none'}."
