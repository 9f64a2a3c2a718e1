"""The connector of a preset: that of another extension, with settings filled in and others not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from banqup_tui.backend.connector_host.definition import (
    Definition,
    Level,
    Reading,
    setting_problem,
    sound,
    unknown_setting,
)
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.connectors.interface import Authorization, Channel, DeliveryRequest, SettingProblem, Step
from banqup_tui.connectors.presets import BadPreset, Preset, PresetSetting, words
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.messages import message
from banqup_tui.domain.setting_rules import Schema, plain
from banqup_tui.domain.values import JsonObject
from banqup_tui.protocol.problems import Problem


class PresetDefinition:
    """The definition of a preset: that of its connector, which is given the values of the preset, too.

    What the preset fixes is not stored with the settings, so a new version of a preset takes effect by itself.

    Args:
        package: the distribution or file that it comes from; empty for ours.

    Raises:
        BadPreset: it does not fit the connector.
    """

    def __init__(self, extension_id: str, preset: Preset, of: Definition, package: str = "") -> None:
        self._of = of
        properties: dict[str, Schema] = of.extension.settings_schema.get("properties", {})
        unknown = sorted({*preset.settings, *(preset.asks or ())} - set(properties))
        if unknown:
            raise BadPreset(f"{preset.connector} has no setting {', '.join(unknown)}")
        self._fixed = {name: one.value for name, one in preset.settings.items() if one.value is not None}
        self._defaults = {name: one.default for name, one in preset.settings.items() if one.default is not None}
        self._required = [name for name, one in preset.settings.items() if one.required]
        own = dict(_own_properties(preset, properties))
        self._check(properties, own)
        accepted = (*preset.media_types, *preset.converts) if preset.media_types else of.manifest.media_types
        self.manifest = msgspec.structs.replace(
            of.manifest,
            id=extension_id,
            media_types=accepted,
            folders=preset.folders,
            max_size=_smaller(preset.max_size, of.manifest.max_size),
            per_minute=_smaller(preset.per_minute, of.manifest.per_minute),
        )
        self.extension: Extension = sound(
            msgspec.structs.replace(
                of.extension,
                id=extension_id,
                title={"en": preset.title},
                description=words(preset.description),
                category=preset.category,
                settings_schema=of.extension.settings_schema
                | {"properties": own, "required": _required(preset, own, of.extension.settings_schema)},
                media_types=preset.media_types or of.extension.media_types,
                folders=preset.folders,
                max_size=self.manifest.max_size,
                package=package,
                connector=preset.connector,
                countries=preset.countries,
                notes=tuple(words(note) for note in preset.notes),
                source=preset.source,
                tested=preset.tested,
            )
        )

    def complete(self, settings: Mapping[str, object]) -> dict[str, object]:
        """Returns settings as the connector takes them, with what the preset fills in."""
        there = {name: value for name, value in settings.items() if value not in (None, "")}
        return {**settings, **{n: v for n, v in self._defaults.items() if n not in there}, **self._fixed}

    def read(self, settings: Mapping[str, object], level: Level) -> Reading:
        own = self.extension.settings_schema["properties"]
        unknown = [unknown_setting(name, own) for name in settings if name not in own]
        known = {name: value for name, value in settings.items() if name in own}
        reading = self._of.read(self.complete(known), level)
        values = {name: value for name, value in reading.values.items() if name in known}
        problems = [self._in_own_words(one) for one in reading.problems]
        if level is Level.EFFECTIVE:
            found = {one.field for one in problems}
            missing = (name for name in self._required if not known.get(name) and name not in found)
            problems += [setting_problem(name, own[name], message("setting.missing")) for name in missing]
        return Reading(values=values, problems=(*unknown, *problems))

    def destination(self, settings: Mapping[str, object]) -> str:
        return self._of.destination(self.complete(settings))

    def where(self, settings: Mapping[str, object], delivery_request: DeliveryRequest) -> str | None:
        return self._of.where(self.complete(settings), delivery_request)

    def signed_in_until(self, settings: Mapping[str, object]) -> datetime | None:
        return self._of.signed_in_until(self.complete(settings))

    def authorization(self, entered: Mapping[str, object]) -> Authorization | SettingProblem | None:
        return self._of.authorization(self.complete(entered))

    def _in_own_words(self, found: Problem) -> Problem:
        """Names the setting as the preset does."""
        own = self.extension.settings_schema["properties"].get(found.field)
        return found if own is None else setting_problem(str(found.field), own, found.message)

    def _check(self, properties: Mapping[str, Schema], own: Mapping[str, Schema]) -> None:
        """Raises if the preset holds a secret, needs what it does not ask, or has a value that is refused."""
        filled_in = {**self._defaults, **self._fixed}
        # A file is read by many, and what is fixed is no setting any more, so nothing would keep it out of messages.
        secrets = [name for name in filled_in if plain(properties[name]).get("writeOnly")]
        if secrets:
            raise BadPreset(f"{', '.join(secrets)} is a secret, which no preset may hold")
        hidden = [name for name in self._required if name not in own]
        if hidden:
            raise BadPreset(f"{', '.join(hidden)} is required, and is not asked")
        problems = self._of.read(filled_in, Level.FIRM).problems
        wrong = sorted({str(one.field) for one in problems if one.field in filled_in})
        if wrong:
            raise BadPreset(f"the value of {', '.join(wrong)} does not fit")


class PresetConnector(HostedConnector):
    """The connector of a preset."""

    def __init__(self, definition: PresetDefinition, of: HostedConnector) -> None:
        self._preset = definition
        super().__init__(of.connector, definition, of.host)

    def connect(self, settings: Mapping[str, object]) -> AbstractAsyncContextManager[Channel]:
        return super().connect(self._preset.complete(settings))

    async def test(self, settings: Mapping[str, object], sample: DeliveryRequest | None) -> list[Step]:
        return await super().test(self._preset.complete(settings), sample)


def _own_properties(preset: Preset, properties: Mapping[str, Schema]) -> Iterator[tuple[str, JsonObject]]:
    """Yields the settings that are asked: those of the firm, then those of a client in the preset's order."""
    of_client = [name for name, schema in properties.items() if plain(schema).get("x-level") == "client"]
    asked = of_client if preset.asks is None else list(preset.asks)
    for name in [*(name for name in properties if name not in of_client and name not in asked), *asked]:
        change = preset.settings.get(name, PresetSetting())
        if change.value is None:
            yield name, _changed(properties[name], change)


def _changed(schema: Schema, change: PresetSetting) -> JsonObject:
    changed: JsonObject = dict(schema)
    if change.title is not None:
        changed |= {"x-titles": words(change.title), "title": words(change.title)["en"]}
    if change.help is not None:
        changed["x-help"] = words(change.help)
    if change.example is not None:
        changed["x-example"] = change.example
    if change.default is not None:
        changed["default"] = change.default
    return changed


def _required(preset: Preset, own: Mapping[str, Schema], schema: JsonObject) -> list[str]:
    by_connector = {
        name for name in schema.get("required", ()) if preset.settings.get(name, PresetSetting()).default is None
    }
    by_preset = {name for name, change in preset.settings.items() if change.required}
    return [name for name in own if name in by_connector | by_preset]


def _smaller(first: int | None, second: int | None) -> int | None:
    return min(one for one in (first, second) if one is not None) if first or second else None
