"""Checks that every promise of docs/guarantees.md names the tests that hold it, and that these tests exist.

A promise is a list item (`* `) of the sections below `PROMISES`. It ends with its tests in parentheses, each as
`tests/path.py::test_name` in backquotes. Run by `make check`; exits with 1 and one line for each fault.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "guarantees.md"
PROMISES = frozenset({"Promised"})
"""Headings of the page whose list items are promises."""
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def faults(page: str, root: Path = ROOT) -> list[str]:
    """One sentence for each promise without a test, and for each test that is named and not there."""
    found: list[str] = []
    promises = list(_promises(page))
    if not promises:
        found.append("docs/guarantees.md: no promise was found")
    for line, promise in promises:
        tests = _TEST.findall(promise)
        if not tests:
            found.append(f"docs/guarantees.md:{line}: this promise names no test")
        found += [
            f"docs/guarantees.md:{line}: there is no {file}::{name}"
            for file, name in tests
            if name not in _functions(root / file)
        ]
    return found


def _promises(page: str) -> Iterator[tuple[int, str]]:
    """The line on which each promise begins, and its whole text."""
    heading, start, text = "", 0, ""
    for number, line in enumerate([*page.splitlines(), "# "], 1):
        begins = line.startswith("* ")
        if text and (begins or line.startswith("#")):
            yield start, text
            text = ""
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif heading in PROMISES and (begins or text):
            start = number if begins else start
            text += line + "\n"


def _functions(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def main() -> int:
    found = faults(PAGE.read_text(encoding="utf-8"))
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
