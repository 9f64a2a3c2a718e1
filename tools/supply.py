"""Checks what the program is built of, without a network: upper bounds, the release lock, licences.

Known holes need the network, and so does the bill of materials: `make audit`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "release.txt"

ALLOWED = frozenset(
    {
        "0bsd",
        "apache-2.0",
        "apache-2.0 or bsd-3-clause",
        "apache license 2.0",
        "apache license, version 2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd license",
        "epl-2.0 or gpl-2.0-or-later",  # asyncssh: taken under the EPL
        "isc",
        "lgpl",  # python-stdnum: imported as it is, and replaceable by its user
        "mit",
        "mit-0",
        "mit license",
        "mit or apache-2.0",
        "mozilla public license 2.0 (mpl 2.0)",
        "mpl-2.0",
        "psf-2.0",
        "psfl",
        "public domain",
        "python software foundation license",
        "unlicense",
    }
)
"""What may be shipped beside a program under Apache-2.0."""

RUN_AS_TOOLS = frozenset(
    {
        "ruff",
        "mypy",
        "import-linter",
        "types-defusedxml",
        "types-olefile",
        "pytest-asyncio",
        "pytest-xdist",
        "django-oauth-toolkit",
    }
)
"""Of the development dependencies those that nothing imports: programs, plug-ins of pytest, stubs of types."""

KNOWN = {"pypdfium2": "BSD-3-Clause, Apache-2.0, dependency licenses"}
"""Licences that are written in words of their own, as they were read."""

_IMPORT = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")


def problems() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)
    return [*_without_upper_bound(project), *_unused(project), *_out_of_step(project), *_licences()]


def _without_upper_bound(project: dict[str, object]) -> Iterator[str]:
    for where, text in _requirements(project):
        specifiers = list(Requirement(text).specifier)
        if not any(one.operator in ("<", "<=", "==", "~=") for one in specifiers):
            yield f"{where}: {text} has no upper bound"


def _requirements(project: dict[str, object]) -> Iterator[tuple[str, str]]:
    tables: dict[str, object] = {
        "build-system": project["build-system"]["requires"],  # type: ignore[index]
        "project": project["project"]["dependencies"],  # type: ignore[index]
        **project.get("dependency-groups", {}),  # type: ignore[dict-item]
    }
    for where, requirements in tables.items():
        for text in requirements:  # type: ignore[attr-defined]
            yield where, text


def _unused(project: dict[str, object]) -> Iterator[str]:
    """Each dependency is imported where it is declared for, or is a tool that the Makefile runs."""
    for group, directories in (("project", ["banqup_tui"]), ("dev", ["tests", "tools", "benchmarks", "banqup_tui"])):
        imported = {name for directory in directories for name in _imported(ROOT / directory)}
        for where, text in _requirements(project):
            name = canonicalize_name(Requirement(text).name)
            if where == group and name not in RUN_AS_TOOLS and not imported & _modules_of(name):
                yield f"{where}: nothing imports {name}"


def _imported(directory: Path) -> Iterator[str]:
    """The first parts of all modules that are imported below a directory, wherever in a file."""
    for path in directory.rglob("*.py"):
        yield from _IMPORT.findall(path.read_text(encoding="utf-8"))


def _modules_of(distribution: str) -> set[str]:
    return {
        module
        for module, distributions in metadata.packages_distributions().items()
        if distribution in {str(canonicalize_name(one)) for one in distributions}
    }


def _out_of_step(project: dict[str, object]) -> Iterator[str]:
    """Each dependency is in the lock, in a version that it allows, and everything there has hashes."""
    lines = LOCK.read_text().splitlines()
    pinned = {}
    for at, line in enumerate(lines):
        found = _PINNED.match(line)
        if found is None:
            continue
        pinned[canonicalize_name(found[1])] = found[2]
        if at + 1 == len(lines) or "--hash=sha256:" not in lines[at + 1]:
            yield f"{LOCK.name}: {found[1]} has no hash"
    for where, text in _requirements(project):
        wanted = Requirement(text)
        if where != "project":
            continue
        version = pinned.get(canonicalize_name(wanted.name))
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            yield f"{LOCK.name}: {text} is there as {version}; run make lock"


def _licences() -> Iterator[str]:
    """Of what is installed for the program itself, and of all that it needs."""
    for name in sorted(_needed("banqup-tui")):
        about = metadata.metadata(name)
        licences = [*(about.get_all("License-Expression") or ()), *(about.get_all("License") or ())]
        licences += [
            one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License ::")
        ]
        if name in KNOWN and KNOWN[name] in licences:
            continue
        named = [text.strip().splitlines()[0] for text in licences if text and text.strip()]
        if not any(one.casefold() in ALLOWED for one in named):
            yield f"{name}: its licence is not among those that are allowed: {named}"


def _needed(name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = canonicalize_name(waiting.pop())
        if one in found:
            continue
        try:
            requirements = metadata.requires(one) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(one)
        for text in requirements:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return found


def main() -> int:
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
