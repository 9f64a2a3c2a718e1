"""The extensions of the Banqup Store: connectors of installed packages, found by their entry points, and presets.

What fails to load is an extension with a `problem`; it never stops the service from starting.
"""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from banqup_tui.backend.connector_host.calls import HostEnded
from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.backend.connector_host.definition import Level, LocalDefinition, Reading, in_one_line
from banqup_tui.backend.connector_host.hosted import DoesNotLoad, HostedConnector, RemoteDefinition
from banqup_tui.backend.integrations.preset_connector import PresetConnector, PresetDefinition
from banqup_tui.backend.problems import problem
from banqup_tui.connectors.presets import BadPreset, built_in_presets, preset_files, read_preset
from banqup_tui.domain.extension import Category, Extension, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.domain.text import clean
from banqup_tui.protocol.problems import Problem, ProblemType

GROUP = "banqup_tui.connectors"
PRESETS_GROUP = "banqup_tui.presets"
"""Entry points of distributions that bring presets; the value is the package whose directory has the files."""
OURS = "banqup-tui"

_log = logging.getLogger(__name__)

NO_SCHEMA: dict[str, object] = {"type": "object", "properties": {}, "additionalProperties": False}


class _Loaded(msgspec.Struct, frozen=True):
    extension: Extension
    connector: HostedConnector | None = None


class _PresetFile(msgspec.Struct, frozen=True):
    """A preset that is not read yet.

    Attributes:
        origin: The file or distribution that it comes from; empty for ours.
    """

    content: bytes
    origin: str = ""


class Extensions:
    """All connectors and presets by id, loaded on first use. Safe for use from any thread.

    A package of other makers runs in a connector host of its own, and only after the owner has allowed it by its
    distribution name; before, only its metadata is read. Presets are data, and nothing of theirs is run.

    Args:
        presets: Directory of the firm's own presets. Read once, here.
    """

    def __init__(
        self, entry_points: Iterable[importlib.metadata.EntryPoint] | None = None, presets: Path | None = None
    ) -> None:
        found = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
        self._entry_points = _one_of_each_name(found)
        self._presets = {name: file for name, file in _preset_files(presets).items() if name not in self._entry_points}
        self._loaded: dict[str, _Loaded] = {}
        self._allowed: dict[str, str] = {}
        # A lock for each, so that a package that hangs while it is loaded keeps nobody from the others.
        self._locks = {name: threading.RLock() for name in (*self._entry_points, *self._presets)}
        packages = {"" if _is_ours(point) else _package(point) for point in self._entry_points.values()}
        self._hosts = {package: ConnectorHost() for package in packages}

    def all(self) -> tuple[Extension, ...]:
        """Returns the extensions in the order of the Store: by category, then by English title."""
        order = list(Category)
        found = (self._load(name).extension for name in self._locks)
        return tuple(sorted(found, key=lambda seen: (order.index(seen.category), seen.title["en"].casefold())))

    def get(self, extension_id: str) -> Extension | None:
        return self._load(extension_id).extension if extension_id in self._locks else None

    def connector(self, extension_id: str) -> HostedConnector | None:
        """Returns the connector, or `None` if it does not exist or does not load."""
        return self._load(extension_id).connector if extension_id in self._locks else None

    def allow(self, extension_id: str, package: str) -> None:
        """Allows this package to bring this extension; no other package may take its place."""
        if extension_id not in self._entry_points:
            self._allowed[extension_id] = package
            return
        with self._locks[extension_id]:
            self._allowed[extension_id] = package
            self._loaded.clear()  # also the presets over it

    def secret_names(self, extension_id: str) -> frozenset[str]:
        return frozenset(name for name, of in self.properties(extension_id).items() if of.get("writeOnly"))

    def properties(self, extension_id: str) -> Mapping[str, Schema]:
        """Returns the JSON Schema of each setting by name; empty for an extension that does not load."""
        extension = self.get(extension_id)
        properties: dict[str, dict[str, object]] = extension.settings_schema.get("properties", {}) if extension else {}
        return properties

    def validate(self, extension_id: str, settings: Mapping[str, object], level: Level | str) -> list[Problem]:
        return list(self.read(extension_id, settings, level).problems)

    def read(self, extension_id: str, settings: Mapping[str, object], level: Level | str) -> Reading:
        """Reads settings of a form or a command line (`Definition.read`)."""
        connector = self.connector(extension_id)
        if connector is None:
            return Reading(values={}, problems=(_not_there(extension_id, self.get(extension_id)),))
        try:
            return connector.definition.read(settings, Level(level))
        except Exception:
            # The command would be repeated for ever if this were not a refusal.
            _log.exception("the settings of %s could not be read", extension_id)
            failed = problem(ProblemType.INVALID_SETTINGS, message("setting.check-failed"))
            return Reading(values={}, problems=(failed,))

    def close(self) -> None:
        """Ends the connector hosts and waits until they have ended. They are started again when they are needed."""
        for host in self._hosts.values():
            host.close()

    def _load(self, name: str) -> _Loaded:
        # Without the lock first: the ledger asks for each claim.
        if (loaded := self._loaded.get(name)) is not None:
            return loaded
        with self._locks[name]:
            if name in self._presets:
                return self._loaded.setdefault(name, self._preset(name, self._presets[name]))
            if name not in self._loaded:
                try:
                    self._loaded[name] = self._found(self._entry_points[name])
                except OSError as error:
                    # The process could not be started; the next time it may.
                    return _Loaded(_broken(self._entry_points[name], in_one_line(error)))
            return self._loaded[name]

    def _preset(self, name: str, file: _PresetFile) -> _Loaded:
        try:
            preset = read_preset(name, file.content)
            of = self._load(preset.connector) if preset.connector in self._entry_points else None
            if of is None or of.connector is None:
                raise BadPreset(f"there is no connector {preset.connector}")
            definition = PresetDefinition(name, preset, of.connector.definition, file.origin)
        except BadPreset as error:
            return _Loaded(_bad_preset(name, file, in_one_line(error)))
        return _Loaded(definition.extension, PresetConnector(definition, of.connector))

    def _found(self, point: importlib.metadata.EntryPoint) -> _Loaded:
        """Loads a connector. A package of other makers may raise anything, also SystemExit at its import."""
        name, package = f"{point.module}:{point.attr}", _package(point)
        if _is_ours(point):
            try:
                local = LocalDefinition(point.load()(), point.name)
            except (Exception, SystemExit) as error:
                return _Loaded(_broken(point, in_one_line(error)))
            return _Loaded(local.extension, HostedConnector(name, local, self._hosts[""]))
        if self._allowed.get(point.name) != package:
            return _Loaded(_not_allowed(point))
        host = self._hosts[package]
        try:
            remote = RemoteDefinition(name, point.name, package, host)
        except DoesNotLoad as error:
            return _Loaded(_broken(point, str(error)))
        except HostEnded:
            return _Loaded(_broken(point, "it ended its process or gave no answer"))
        return _Loaded(remote.extension, HostedConnector(name, remote, host))


def _preset_files(directory: Path | None) -> dict[str, _PresetFile]:
    """Returns the presets by id. Ours win over those of distributions, and these over those of the firm."""
    found = {name: _PresetFile(content) for name, content in built_in_presets()}
    for name, file in (*_presets_of_distributions(), *_presets_of_firm(directory)):
        if name in found:
            _log.warning("%s also brings a preset %s: left out", file.origin, name)
        found.setdefault(name, file)
    return found


def _presets_of_distributions() -> Iterator[tuple[str, _PresetFile]]:
    """Yields the presets of other distributions. Their directory is found without an import of theirs."""
    for point in importlib.metadata.entry_points(group=PRESETS_GROUP):
        if point.dist is None:
            continue
        directory = Path(str(point.dist.locate_file(point.value.replace(".", "/"))))
        yield from _presets_in(directory, point.dist.name)


def _presets_of_firm(directory: Path | None) -> Iterator[tuple[str, _PresetFile]]:
    if directory is not None and directory.is_dir():
        yield from _presets_in(directory, "")


def _presets_in(directory: Path, distribution: str) -> Iterator[tuple[str, _PresetFile]]:
    try:
        for name, content in preset_files(directory):
            yield name, _PresetFile(content, distribution or str(directory / f"{name}.toml"))
    except OSError:
        _log.exception("the presets in %s cannot be read", directory)


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
    return _name_of(point.dist) if point.dist else ""


@lru_cache(maxsize=64)
def _name_of(distribution: importlib.metadata.Distribution) -> str:
    """Returns the name, for which all of the metadata is parsed each time: 2 ms for ours, with its README."""
    return distribution.name


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


def _bad_preset(name: str, file: _PresetFile, why: str) -> Extension:
    return Extension(
        id=name,
        title={"en": clean(name)},
        description={"en": ""},
        category=Category.OTHER,
        kind=ReceiverKind.NEITHER,
        version="",
        settings_schema=NO_SCHEMA,
        problem=message("extension.bad-preset", quote=why, file=clean(file.origin or name)),
        package=clean(file.origin),
    )


def _not_there(extension_id: str, extension: Extension | None) -> Problem:
    if extension is None:
        return problem(ProblemType.INVALID_SETTINGS, message("extension.not-in-store", id=extension_id))
    reason = extension.problem or message("extension.fails", id=extension_id)
    return problem(ProblemType.INVALID_SETTINGS, reason)
