"""What is still missing in the settings of an integration, as far as its JSON Schema can say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from banqup_tui.domain.setting_rules import flaw_of, is_asked, kind_of, with_defaults


def needed(schema: Mapping[str, Any], values: Mapping[str, Any], stored: Collection[str] = ()) -> list[str]:
    """Names of settings that are asked, and required and empty, or wrong, in the order of the schema.

    `values`: those of both levels together; `stored`: secrets that are there and not shown.
    """
    required = set(schema.get("required", ()))
    properties: Mapping[str, Any] = schema.get("properties", {})
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


def _is_wrong(of: Mapping[str, Any], value: Any) -> bool:
    if value is None or isinstance(value, bool) or kind_of(of) in ("secret", "tick"):
        return False
    return flaw_of(of, str(value)) is not None
