"""Counts where the program says `Any`, and refuses more than there are reasons for.

`Any` switches the type checker off for all that is done with a value. `object`, a type variable, a protocol or a
record says as much and keeps it on; libraries whose own types have `Any` are the reason for most that is left. Lower
`MOST` when some are gone. `make check` runs this.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST = 99
_SHOWN = 10


def places(root: Path = ROOT) -> Counter[str]:
    """Returns the number of times that each file of the program says `Any`, imports left aside."""
    found: Counter[str] = Counter()
    for path in sorted((root / "banqup_tui").rglob("*.py")):
        number = sum(_is_any(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        if number:
            found[path.relative_to(root).as_posix()] = number
    return found


def _is_any(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")


def faults(found: Counter[str], most: int = MOST) -> list[str]:
    """Returns the reason why the count is refused with the files that say `Any` most, nothing if it is not."""
    if found.total() <= most:
        return []
    counted = [f"{path}: {number}" for path, number in found.most_common(_SHOWN)]
    return [f"Any stands in {found.total()} places, at most {most} are allowed; most often in:", *counted]


def main() -> int:
    refused = faults(places())
    for line in refused:
        print(line, file=sys.stderr)  # noqa: T201
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
