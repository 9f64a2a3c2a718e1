"""The definition of a connector: its manifest, its settings and all that it tells without a question to a receiver.

A definition of this package is used in the service itself. That of another package is made and used in the host of the
package, because the package must not run in the service.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, cast, get_args

import msgspec

from banqup_tui.backend.problems import problem
from banqup_tui.backend.redaction import Redactor
from banqup_tui.connectors.common.path_template import problems_of
from banqup_tui.connectors.interface import (
    AnyConnector,
    Authorization,
    Authorizes,
    Checks,
    DeliveryRequest,
    Fault,
    Manifest,
    NotSent,
    SettingProblem,
    Shows,
    SignsIn,
    schema,
)
from banqup_tui.domain.extension import Extension, in_languages
from banqup_tui.domain.messages import TEXT, Message, message, of_setting, with_params
from banqup_tui.domain.secret import Secret, from_text, revealed
from banqup_tui.domain.setting_rules import Flaw, Schema, example_of, flaw_of, kind_of
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import JsonObject, Value
from banqup_tui.protocol.answers import harmless
from banqup_tui.protocol.problems import Problem, ProblemType

_log = logging.getLogger(__name__)
_extension = msgspec.json.Decoder(Extension)
_manifest = msgspec.json.Decoder(Manifest)


class Level(StrEnum):
    """The level of settings to check. FIRM and CLIENT may lack what the other has; EFFECTIVE must be complete."""

    FIRM = "firm"
    CLIENT = "client"
    EFFECTIVE = "effective"


class Reading(Value, frozen=True, kw_only=True):
    """Settings converted to their types, and the problems of the others."""

    values: JsonObject
    problems: tuple[Problem, ...] = ()


class Definition(Protocol):
    """The definition of a connector, wherever its code runs. Safe for use from any thread.

    All methods take settings by name, with secrets as `Secret`. They may block while a host is started, so they must
    not be called on an event loop.

    Raises:
        Exception: the connector, or its host, failed. Its text may hold secrets.
    """

    extension: Extension
    manifest: Manifest

    def read(self, settings: Mapping[str, object], level: Level) -> Reading:
        """Reads settings of a form or a command line: text is converted as the schema says, `"22"` to a number."""
        ...

    def destination(self, settings: Mapping[str, object]) -> str:
        """Returns `Connector.destination`."""
        ...

    def where(self, settings: Mapping[str, object], delivery_request: DeliveryRequest) -> str | None:
        """Returns `Shows.where`, or `None` if the connector cannot tell."""
        ...

    def signed_in_until(self, settings: Mapping[str, object]) -> datetime | None:
        """Returns `SignsIn.signed_in_until`, or `None` if the connector cannot tell."""
        ...

    def authorization(self, entered: Mapping[str, object]) -> Authorization | SettingProblem | None:
        """Returns `Authorizes.authorization`, or `None` if the connector has no sign-in."""
        ...


class LocalDefinition:
    """The definition of a connector whose code runs in this process.

    Args:
        package: distribution of another maker; empty for ours.

    Raises:
        Exception: the manifest or the settings are not what the interface demands.
    """

    def __init__(self, connector: AnyConnector, extension_id: str, package: str = "") -> None:
        manifest = connector.manifest
        if manifest.id != extension_id:
            raise ValueError(f"it calls itself {manifest.id}")
        self.connector = connector
        self.manifest = _manifest.decode(msgspec.json.encode(manifest))
        # msgspec 0.22 crashes if two threads convert to a type for the first time at once; here no other has the type.
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
            package=package,
        )
        self.extension = sound(extension)

    def typed(self, settings: Mapping[str, object]) -> object:
        """Returns the connector's own settings struct.

        Raises:
            NotSent: the settings do not fit; a person has to mend that.
        """
        try:
            return msgspec.convert(_passed_to(self.connector, settings), self.connector.settings, dec_hook=from_text)
        except msgspec.ValidationError as error:
            does_not_fit = message("integration.setting-does-not-fit", quote=str(error))
            raise NotSent(does_not_fit, fault=Fault.PERSON) from error

    def destination(self, settings: Mapping[str, object]) -> str:
        return msgspec.convert(self.connector.destination(self.typed(settings)), str)

    def where(self, settings: Mapping[str, object], delivery_request: DeliveryRequest) -> str | None:
        if not isinstance(self.connector, Shows):
            return None
        return self.connector.where(self.typed(settings), delivery_request)

    def signed_in_until(self, settings: Mapping[str, object]) -> datetime | None:
        if not isinstance(self.connector, SignsIn):
            return None
        return self.connector.signed_in_until(self.typed(settings))

    def authorization(self, entered: Mapping[str, object]) -> Authorization | SettingProblem | None:
        return self.connector.authorization(entered) if isinstance(self.connector, Authorizes) else None

    def read(self, settings: Mapping[str, object], level: Level) -> Reading:
        properties = self.extension.settings_schema.get("properties", {})
        reading = _read(self.connector, properties, settings, level)
        if not reading.problems:
            return reading
        entered = [settings[name] for name, of in properties.items() if of.get("writeOnly") and name in settings]
        redactor = Redactor([Secret(value) for value in entered if isinstance(value, str | Secret)])
        return msgspec.structs.replace(reading, problems=tuple(redactor.problem(one) for one in reading.problems))


def sound(extension: Extension) -> Extension:
    """Returns the extension as a terminal will read it. Raises if a manifest holds values that no terminal can read."""
    return _extension.decode(harmless(msgspec.json.encode(extension)))


def with_secrets(extension: Extension, settings: Mapping[str, object]) -> dict[str, object]:
    """Returns settings in which every text that the connector calls secret is a `Secret`."""
    properties = extension.settings_schema.get("properties", {})
    return {
        name: Secret(value) if isinstance(value, str) and properties.get(name, {}).get("writeOnly") else value
        for name, value in settings.items()
    }


def in_one_line(error: BaseException) -> str:
    """Returns the text of an exception as the Store shows it."""
    text = clean(str(error)) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


def _with_english(words: dict[str, str], otherwise: str) -> dict[str, str]:
    return words if "en" in words else {**words, "en": next(iter(words.values()), otherwise)}


def _passed_to(connector: AnyConnector, settings: Mapping[str, object]) -> dict[str, object]:
    """Returns settings for this connector: a secret becomes text only if the struct has text in its place."""
    kind = cast(type[msgspec.Struct], connector.settings)
    fields = _fields(kind)
    return {
        name: revealed(value) if name in fields and not _is_secret(fields[name].type) else value
        for name, value in settings.items()
    }


def _is_secret(annotation: object) -> bool:
    """Tells whether the type is `Secret`, also annotated or in a union."""
    return annotation is Secret or any(_is_secret(one) for one in get_args(annotation))


def _read(
    connector: AnyConnector, properties: Mapping[str, Schema], settings: Mapping[str, object], level: Level
) -> Reading:
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for name, entered in settings.items():
        if name not in properties:
            problems.append(unknown_setting(name, properties))
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
        checked = _checked(connector, _passed_to(connector, values), level, properties)
        problems += [found for found in checked if found.field not in refused]
    return Reading(values=values, problems=tuple(problems))


def _checked(
    connector: Checks, values: dict[str, object], level: Level, properties: Mapping[str, Schema]
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


def _converted(settings: type[msgspec.Struct], name: str, of: Schema, entered: object) -> Any:
    """Returns one setting as plain JSON, the form in which it is stored."""
    field = _fields(settings)[name]
    trimmed = field.type is not str or kind_of(of) in ("email", "host", "url")
    value = entered.strip() if isinstance(entered, str) and trimmed else entered
    made = msgspec.convert(value, field.type, strict=not isinstance(value, str), dec_hook=from_text)
    return msgspec.to_builtins(made, enc_hook=revealed)


def _flaw(of: Schema, entered: object) -> Flaw | None:
    """Returns the flaw by the rules of the form.

    Path templates have their own check; other types fail at conversion.
    """
    if of.get("x-template") or isinstance(entered, bool) or not isinstance(entered, str | int | float):
        return None
    if not isinstance(entered, str) and kind_of(of) not in ("number", "port"):
        return None
    return flaw_of(of, str(entered))


def _flawed(name: str, of: Schema, flaw: Flaw) -> Problem:
    return setting_problem(name, of, with_params(flaw.message, example=example_of(of)))


def _missing(
    settings: type[msgspec.Struct],
    properties: Mapping[str, Schema],
    values: Mapping[str, object],
    refused: set[str | None],
) -> list[Problem]:
    found = []
    for name, field in _fields(settings).items():
        empty = name not in values or values[name] == ""
        if field.required and empty and name not in refused:
            found.append(setting_problem(name, properties.get(name, {}), message("setting.missing")))
    return found


def unknown_setting(name: str, properties: Mapping[str, Schema]) -> Problem:
    """Returns the problem with a setting that does not exist, which names the nearest that does."""
    near = get_close_matches(name, properties, n=1, cutoff=0.5)
    if near:
        return setting_problem(name, {}, message("setting.unknown-near", near=near[0]))
    return setting_problem(name, {}, message("setting.unknown", known=", ".join(properties)))


def _wrong(name: str, of: Schema, entered: object) -> Problem:
    """Returns the problem, which quotes the value unless it is secret."""
    wanted, quote = _wanted(of), "" if of.get("writeOnly") else repr(entered)
    return setting_problem(name, of, message(wanted.code, quote, **wanted.params))


def _wanted(of: Schema) -> Message:
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


def _of_connector(found: SettingProblem, properties: Mapping[str, Schema]) -> Problem:
    return setting_problem(found.field, properties.get(found.field, {}), found.reason)


def setting_problem(name: str, of: Schema, reason: Message) -> Problem:
    """Returns the problem with a setting, named in its reason. A sentence of another package names it itself."""
    named = reason if reason.code == TEXT else of_setting(reason, titles_of(name, of))
    return problem(ProblemType.INVALID_SETTINGS, named, field=name)


def titles_of(name: str, of: Schema) -> Mapping[str, str]:
    """Returns the titles of a setting by language, always with `en`."""
    return {"en": str(of.get("title", name)), **of.get("x-titles", {})}
