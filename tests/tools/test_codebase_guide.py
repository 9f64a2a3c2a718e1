"""The guide to the code names files that exist, and functions that are in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "codebase-guide.md").read_text(encoding="utf-8")
_NAMES = re.compile(r"`([\w./-]+(?:\.(?:py|po|toml|md)|/))`")
_IN_FILE = re.compile(r"`(\w+)` (?:in|of its) `([\w./-]+\.py)`")


def named_paths() -> Iterator[tuple[int, str, Path]]:
    """Yields each name of a file with its position and its path, by the rule in the first paragraph of the guide."""
    directory = Path()
    for match in _NAMES.finditer(PAGE):
        name = match[1]
        path = directory / name
        if "/" in name or name == "pyproject.toml":
            path = next((base / name for base in (ROOT / "banqup_tui", ROOT) if (base / name).exists()), ROOT / name)
        elif name in ("app.py", "settings.py"):
            path = ROOT / "banqup_tui" / name
        directory = path if name.endswith("/") else path.parent
        if "NAME" not in name:
            yield match.start(1), name, path


def test_each_file_that_the_guide_names_exists() -> None:
    paths = list(named_paths())
    assert len(paths) > 100
    assert [name for _, name, path in paths if not path.exists()] == []


def test_each_function_that_the_guide_names_is_in_its_file() -> None:
    path_at = {start: path for start, _, path in named_paths()}
    matches = list(_IN_FILE.finditer(PAGE))
    assert len(matches) > 5
    missing = [
        match[0]
        for match in matches
        if not re.search(rf"^\s*(?:(?:async )?def |class )?{match[1]}\b", path_at[match.start(2)].read_text(), re.M)
    ]
    assert missing == []
