"""The extensions of the Banqup Store: connectors of installed packages, found by their entry points.

A package that fails to load is an extension with a `problem`; it never stops the service from starting.
"""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, cast, get_args

import msgspec

from banqup_tui.backend.connector_host.foreign import ForeignConnector
from banqup_tui.backend.problems import problem
from banqup_tui.backend.redaction import Redactor
from banqup_tui.connectors.common.path_template import problems_of
from banqup_tui.connectors.interface import Checks, Connector, Manifest, SettingProblem, schema
from banqup_tui.domain.extension import Category, Extension, ReceiverKind, in_languages
from banqup_tui.domain.messages import TEXT, Message, message, of_setting, with_params
from banqup_tui.domain.secret import Secret, from_text, revealed
from banqup_tui.domain.setting_rules import Flaw, example_of, flaw_of, kind_of
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import Value
from banqup_tui.protocol.answers import harmless
from banqup_tui.protocol.problems import Problem, ProblemType

GROUP = "banqup_tui.connectors"
OURS = "banqup-tui"

_log = logging.getLogger(__name__)
_extension = msgspec.json.Decoder(Extension)
_manifest = msgspec.json.Decoder(Manifest)

NO_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


class Level(StrEnum):
    """The level of settings to check. FIRM and CLIENT may lack what the other has; EFFECTIVE must be complete."""

    FIRM = "firm"
    CLIENT = "client"
    EFFECTIVE = "effective"


class Reading(Value, frozen=True, kw_only=True):
    """Settings converted to their types, and the problems of the others."""

    values: dict[str, Any]
    problems: tuple[Problem, ...] = ()


class _Loaded(msgspec.Struct, frozen=True):
    extension: Extension
    connector: Connector[Any] | None


class Extensions:
    """All connectors by id, loaded on first use. Safe for use from any thread.

    An imported package has all rights of this process. So a package of other makers is imported only after the
    owner has allowed it by its distribution name; before, only its metadata is read.
    """

    def __init__(self, entry_points: Iterable[importlib.metadata.EntryPoint] | None = None) -> None:
        found = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
        self._entry_points = _one_of_each_name(found)
        self._loaded: dict[str, _Loaded] = {}
        self._allowed: dict[str, str] = {}
        self._lock = threading.RLock()

    def all(self) -> tuple[Extension, ...]:
        """Returns the extensions in the order of the Store: by category, then by English title."""
        order = list(Category)
        found = (self._load(name).extension for name in self._entry_points)
        return tuple(sorted(found, key=lambda seen: (order.index(seen.category), seen.title["en"].casefold())))

    def get(self, extension_id: str) -> Extension | None:
        return self._load(extension_id).extension if extension_id in self._entry_points else None

    def connector(self, extension_id: str) -> Connector[Any] | None:
        """Returns the connector, or `None` if it does not exist or does not load."""
        return self._load(extension_id).connector if extension_id in self._entry_points else None

    def allow(self, extension_id: str, package: str) -> None:
        """Allows this package to bring this extension; no other package may take its place."""
        with self._lock:
            self._allowed[extension_id] = package
            self._loaded.pop(extension_id, None)

    def secret_names(self, extension_id: str) -> frozenset[str]:
        return frozenset(name for name, of in self.properties(extension_id).items() if of.get("writeOnly"))

    def properties(self, extension_id: str) -> Mapping[str, dict[str, Any]]:
        """Returns the JSON Schema of each setting by name; empty for an extension that does not load."""
        extension = self.get(extension_id)
        properties: dict[str, dict[str, Any]] = extension.settings_schema.get("properties", {}) if extension else {}
        return properties

    def validate(self, extension_id: str, settings: Mapping[str, Any], level: Level | str) -> list[Problem]:
        return list(self.read(extension_id, settings, level).problems)

    def read(self, extension_id: str, settings: Mapping[str, Any], level: Level | str) -> Reading:
        """Reads settings of a form or a command line: text is converted as the schema says, `"22"` to a number."""
        connector = self.connector(extension_id)
        if connector is None:
            return Reading(values={}, problems=(_not_there(extension_id, self.get(extension_id)),))
        properties = self.properties(extension_id)
        reading = _read(connector, properties, settings, Level(level))
        if not reading.problems:
            return reading
        entered = [settings[name] for name, of in properties.items() if of.get("writeOnly") and name in settings]
        redactor = Redactor([Secret(value) for value in entered if isinstance(value, str | Secret)])
        return msgspec.structs.replace(reading, problems=tuple(redactor.problem(one) for one in reading.problems))

    def typed(self, extension_id: str, settings: Mapping[str, Any]) -> Any:
        """Returns the connector's settings struct.

        Raises:
            LookupError: there is no such connector.
            msgspec.ValidationError: the settings are incomplete.
        """
        connector = self.connector(extension_id)
        if connector is None:
            raise LookupError(extension_id)
        return typed_settings(connector, settings)

    def _load(self, name: str) -> _Loaded:
        with self._lock:
            if name not in self._loaded:
                point = self._entry_points[name]
                is_allowed = _is_ours(point) or self._allowed.get(name) == _package(point)
                self._loaded[name] = _loaded(point) if is_allowed else _Loaded(_not_allowed(point), None)
            return self._loaded[name]


def typed_settings(connector: Connector[Any], settings: Mapping[str, Any]) -> Any:
    """Returns the connector's settings struct. Raises `msgspec.ValidationError` if the settings are incomplete."""
    return msgspec.convert(passed_to(connector, settings), connector.settings, dec_hook=from_text)


def passed_to(connector: Connector[Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings for this connector: a secret becomes text only if the struct has text in its place."""
    kind = cast(type[msgspec.Struct], connector.settings)
    fields = _fields(kind)
    return {
        name: revealed(value) if name in fields and not _is_secret(fields[name].type) else value
        for name, value in settings.items()
    }


def _is_secret(annotation: Any) -> bool:
    """Tells whether the type is `Secret`, also annotated or in a union."""
    return annotation is Secret or any(_is_secret(one) for one in get_args(annotation))


def _one_of_each_name(
    points: Iterable[importlib.metadata.EntryPoint],
) -> dict[str, importlib.metadata.EntryPoint]:
    """Returns a package for each name: ours first, then by alphabet, so that no package can replace our extensions."""
    order = sorted(points, key=lambda point: (_package(point) != OURS, _package(point)))
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for point in order:
        if point.name in found:
            _log.warning("%s also brings an extension %s: left out", _package(point), point.name)
        else:
            found[point.name] = point
    return found


def _is_ours(point: importlib.metadata.EntryPoint) -> bool:
    """Tells whether the entry point is of this distribution, or made by hand without a distribution."""
    return _package(point) in ("", OURS)


def _package(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist else ""


def _loaded(point: importlib.metadata.EntryPoint) -> _Loaded:
    """Loads a connector. A package of other makers may raise anything, also SystemExit at its import."""
    try:
        brought = point.load()()
        connector: Connector[Any] = brought if _is_ours(point) else ForeignConnector(brought)
        manifest = connector.manifest
        if manifest.id != point.name:
            return _Loaded(_broken(point, f"it calls itself {manifest.id}"), None)
        _manifest.decode(msgspec.json.encode(manifest))
        # Under the lock: msgspec 0.22 crashes if two threads convert to a type for the first time at once.
        msgspec.json.Decoder(connector.settings)
        extension = Extension(
            id=manifest.id,
            title=_with_english(in_languages(manifest.title), manifest.id),
            description=_with_english(in_languages(manifest.description), ""),
            category=manifest.category,
            kind=manifest.kind,
            version=manifest.version,
            settings_schema=schema(connector.settings),
            media_types=manifest.media_types,
            folders=manifest.folders,
            max_size=manifest.max_size,
            package="" if _is_ours(point) else _package(point),
        )
        return _Loaded(_sound(extension), connector)
    except (Exception, SystemExit) as error:
        return _Loaded(_broken(point, _in_one_line(error)), None)


def _sound(extension: Extension) -> Extension:
    """Returns the extension as a terminal will read it. Raises if a manifest holds values that no terminal can read."""
    return _extension.decode(harmless(msgspec.json.encode(extension)))


def _with_english(words: dict[str, str], otherwise: str) -> dict[str, str]:
    return words if "en" in words else {**words, "en": next(iter(words.values()), otherwise)}


def _in_one_line(error: BaseException) -> str:
    text = clean(str(error)) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


def _broken(point: importlib.metadata.EntryPoint, why: str) -> Extension:
    package = _package(point) or point.value
    return _without_manifest(point, message("extension.does-not-load", quote=why, package=package))


def _not_allowed(point: importlib.metadata.EntryPoint) -> Extension:
    package = _package(point)
    found = _without_manifest(point, message("extension.not-allowed", package=package))
    return msgspec.structs.replace(found, allowed=False)


def _without_manifest(point: importlib.metadata.EntryPoint, problem: Message) -> Extension:
    return Extension(
        id=point.name,
        title={"en": clean(point.name)},
        description={"en": ""},
        category=Category.OTHER,
        kind=ReceiverKind.NEITHER,
        version=clean(point.dist.version) if point.dist else "",
        settings_schema=NO_SCHEMA,
        problem=problem,
        package="" if _is_ours(point) else _package(point),
    )


def _not_there(extension_id: str, extension: Extension | None) -> Problem:
    if extension is None:
        return problem(ProblemType.INVALID_SETTINGS, message("extension.not-in-store", id=extension_id))
    reason = extension.problem or message("extension.fails", id=extension_id)
    return problem(ProblemType.INVALID_SETTINGS, reason)


def _read(
    connector: Connector[Any], properties: Mapping[str, dict[str, Any]], settings: Mapping[str, Any], level: Level
) -> Reading:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, entered in settings.items():
        if name not in properties:
            problems.append(_unknown(name, properties))
            continue
        entered = revealed(entered)
        flaw = _flaw(properties[name], entered)
        if flaw is not None:
            problems.append(_flawed(name, properties[name], flaw))
            continue
        try:
            plain = _converted(connector.settings, name, properties[name], entered)
            values[name] = Secret(plain) if properties[name].get("writeOnly") and isinstance(plain, str) else plain
        except msgspec.ValidationError:
            problems.append(_wrong(name, properties[name], entered))
            continue
        if properties[name].get("x-template") and values[name]:
            problems += [_of_connector(found, properties) for found in problems_of(name, plain)]
    refused = {problem.field for problem in problems}
    if level is Level.EFFECTIVE:
        problems += _missing(connector.settings, properties, values, refused)
    if isinstance(connector, Checks):
        checked = _checked(connector, passed_to(connector, values), level, properties)
        problems += [found for found in checked if found.field not in refused]
    return Reading(values=values, problems=tuple(problems))


def _checked(
    connector: Checks, values: dict[str, Any], level: Level, properties: Mapping[str, dict[str, Any]]
) -> list[Problem]:
    """Runs the connector's check.

    A check that raises refuses the settings, or the command would be repeated for ever.
    """
    try:
        return [
            _of_connector(found, properties) for found in connector.check(values, complete=level is Level.EFFECTIVE)
        ]
    except Exception:
        _log.exception("the check of settings by %r failed", connector)
        return [problem(ProblemType.INVALID_SETTINGS, message("setting.check-failed"))]


@cache
def _fields(settings: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(settings)}


def _converted(settings: type[msgspec.Struct], name: str, of: Mapping[str, Any], entered: Any) -> Any:
    """Returns one setting as plain JSON, the form in which it is stored."""
    field = _fields(settings)[name]
    trimmed = field.type is not str or kind_of(of) in ("email", "host", "url")
    value = entered.strip() if isinstance(entered, str) and trimmed else entered
    made = msgspec.convert(value, field.type, strict=not isinstance(value, str), dec_hook=from_text)
    return msgspec.to_builtins(made, enc_hook=revealed)


def _flaw(of: Mapping[str, Any], entered: Any) -> Flaw | None:
    """Returns the flaw by the rules of the form.

    Path templates have their own check; other types fail at conversion.
    """
    if of.get("x-template") or isinstance(entered, bool) or not isinstance(entered, str | int | float):
        return None
    if not isinstance(entered, str) and kind_of(of) not in ("number", "port"):
        return None
    return flaw_of(of, str(entered))


def _flawed(name: str, of: Mapping[str, Any], flaw: Flaw) -> Problem:
    return _of_setting(name, of, with_params(flaw.message, example=example_of(of)))


def _missing(
    settings: type[msgspec.Struct],
    properties: Mapping[str, dict[str, Any]],
    values: Mapping[str, Any],
    refused: set[str | None],
) -> list[Problem]:
    found = []
    for name, field in _fields(settings).items():
        empty = name not in values or values[name] == ""
        if field.required and empty and name not in refused:
            found.append(_of_setting(name, properties.get(name, {}), message("setting.missing")))
    return found


def _unknown(name: str, properties: Mapping[str, dict[str, Any]]) -> Problem:
    near = get_close_matches(name, properties, n=1, cutoff=0.5)
    if near:
        return _of_setting(name, {}, message("setting.unknown-near", near=near[0]))
    return _of_setting(name, {}, message("setting.unknown", known=", ".join(properties)))


def _wrong(name: str, of: Mapping[str, Any], entered: Any) -> Problem:
    """Returns the problem, which quotes the value unless it is secret."""
    wanted, quote = _wanted(of), "" if of.get("writeOnly") else repr(entered)
    return _of_setting(name, of, message(wanted.code, quote, **wanted.params))


def _wanted(of: Mapping[str, Any]) -> Message:
    if "enum" in of:
        return message("setting.choice", choices=", ".join(str(one) for one in of["enum"]))
    match of.get("type"):
        case "integer" if "minimum" in of and "maximum" in of:
            return message("setting.number-from-to", least=of["minimum"], most=of["maximum"])
        case "integer":
            return message("setting.whole-number")
        case "boolean":
            return message("setting.yes-or-no")
        case "string":
            return message("setting.text")
    return message("setting.another-kind")


def _of_connector(found: SettingProblem, properties: Mapping[str, dict[str, Any]]) -> Problem:
    return _of_setting(found.field, properties.get(found.field, {}), found.reason)


def _of_setting(name: str, of: Mapping[str, Any], reason: Message) -> Problem:
    """Names the setting in the reason. A sentence of another package does so itself."""
    named = reason if reason.code == TEXT else of_setting(reason, titles_of(name, of))
    return problem(ProblemType.INVALID_SETTINGS, named, field=name)


def titles_of(name: str, of: Mapping[str, Any]) -> Mapping[str, str]:
    """Returns the titles of a setting by language, always with `en`."""
    return {"en": str(of.get("title", name)), **of.get("x-titles", {})}
