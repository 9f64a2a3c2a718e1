"""Checks that the names in the code are the field's words, and that no class shares its name with another.

Each of the words below was the private name of something that has a well-known one. `make check` runs this.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = "banqup_tui"
DIRECTORIES = (PROGRAM, "benchmarks", "tests", "tools")

INSTEAD = {
    "apart": "foreign, connector_host",
    "carrier": "connector_host",
    "desk": "writer",
    "door": "auth, connection",
    "doorkeeper": "auth",
    "doorman": "auth",
    "gate": "auth, access",
    "given": "entered, values, arguments",
    "held": "locked, postponed",
    "homes": "dirs",
    "house": "runtime, app",
    "kept": "stored, cached, remaining",
    "lane": "connection",
    "office": "setup",
    "parcel": "delivery_request",
    "practice": "setup",
    "quarantine": "grace_period",
    "remnant": "resume_token",
    "room": "package, free_slots, free_bytes, width",
    "said": "message, quote, text",
    "told": "message, notified, translated",
    "tray": "unfiled",
    "turn": "transition, round, scheduler",
    "wish": "command",
    "world": "harness",
}
"""What is not used, and what is used for it. Their plurals neither."""

PHRASES = ("to_place", "to_look_at", "as_given", "in_turn", "as_rows")
MODULES = frozenset(
    {
        "adding",
        "coming",
        "described",
        "filed",
        "giving",
        "mending",
        "opening",
        "saving",
        "touched",
        "trying",
        "written",
    }
)
"""Modules are named by nouns."""

OF_OTHERS = {"given": "hypothesis"}
"""Names of libraries, in files that import these."""

FIXTURES = ("tests/fixtures/",)
"""Written for an older version."""

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def problems(root: Path = ROOT) -> Iterator[str]:
    for directory in DIRECTORIES:
        for path in sorted((root / directory).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(FIXTURES):
                yield from _in_file(name, path.read_text(encoding="utf-8"))
    yield from _shared_class_names(root)


def _shared_class_names(root: Path) -> Iterator[str]:
    """Yields the public classes of the program whose name stands in two modules.

    A name that means two things has to be followed to its import wherever it is read.
    """
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted((root / PROGRAM).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(path.relative_to(root).as_posix())
    for name, paths in sorted(modules.items()):
        if len(paths) > 1:
            yield f"{' and '.join(paths)}: class {name}: give each a name of its own"


def _in_file(name: str, text: str) -> Iterator[str]:
    stem = Path(name).stem
    if stem in MODULES or any(_is_private(part) for part in _words(stem)):
        yield f"{name}: the module's name"
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.NAME or token.string.startswith("test_"):
            continue
        library = OF_OTHERS.get(token.string)
        if library is not None and library in text:
            continue
        for word in _words(token.string):
            if _is_private(word):
                yield f"{name}:{token.start[0]}: {token.string}: say {INSTEAD[_singular(word)]}"
        if any(phrase in "_".join(_words(token.string)) for phrase in PHRASES):
            yield f"{name}:{token.start[0]}: {token.string}"


def _words(identifier: str) -> list[str]:
    return [part.lower() for part in _PARTS.findall(identifier)]


def _is_private(word: str) -> bool:
    return _singular(word) in INSTEAD


def _singular(word: str) -> str:
    if word.endswith("shes"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and word[:-1] in INSTEAD else word


def main() -> int:
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
