"""Packages of other people for tests: put together as an installer leaves them, in a directory of their own."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "writing-one.md"


def block(language: str) -> str:
    """The one block of the page in this language."""
    _before, _, rest = PAGE.read_text().partition(f"```{language}\n")
    code, fence, _after = rest.partition("```\n")
    assert fence
    return code


def install(directory: Path, pyproject: str, modules: Mapping[str, str]) -> None:
    """The modules, and what says which entry points they bring; for a `sys.path` that has the directory."""
    project = tomllib.loads(pyproject)["project"]
    directory.mkdir(parents=True, exist_ok=True)
    for name, code in modules.items():
        (directory / f"{name}.py").write_text(code)
    info = directory / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def install_the_example(directory: Path) -> None:
    install(directory, block("toml"), {"acme_ledger": block("python")})
