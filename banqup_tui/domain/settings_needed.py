"""Finds settings of an integration that are missing or wrong by its JSON Schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from banqup_tui.domain.setting_rules import Schema, flaw_of, is_asked, kind_of, with_defaults


def needed(schema: Schema, values: Mapping[str, object], stored: Collection[str] = ()) -> list[str]:
    """Returns the names of settings that are asked and are missing or wrong, in the order of the schema.

    Args:
        schema: The settings schema of the extension.
        values: The settings of the firm and the client together.
        stored: The names of secrets that are stored and not shown.
    """
    required = set(schema.get("required", ()))
    properties: Schema = schema.get("properties", {})
    settings = with_defaults(properties, values)
    found = []
    for name, of in properties.items():
        if not is_asked(of, settings):
            continue
        value = settings[name]
        is_empty = value in (None, "") and name not in stored
        if (is_empty and name in required) or _is_wrong(of, values.get(name)):
            found.append(name)
    return found


def _is_wrong(of: Mapping[str, object], value: object) -> bool:
    if value is None or isinstance(value, bool) or kind_of(of) in ("secret", "tick"):
        return False
    return flaw_of(of, str(value)) is not None
