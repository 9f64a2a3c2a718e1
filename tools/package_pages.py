"""Writes the pages of `docs/packages/` from the presets: `python -m tools.package_pages`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.connectors.presets import built_in_presets
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import ALL_FOLDERS
from banqup_tui.domain.setting_rules import plain
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.widgets.layouts.store import accepted_words, countries_words

DIRECTORY = Path(__file__).parents[1] / "docs" / "packages"


def pages() -> dict[str, str]:
    """Returns the text of each page by its file name."""
    extensions = Extensions()
    found = {name: extensions.get(name) for name, _ in built_in_presets()}
    known = {name: extension for name, extension in found.items() if extension is not None}
    made = {f"{name}.md": "\n".join(_page(extension, extensions)) + "\n" for name, extension in known.items()}
    return {**made, "README.md": "\n".join(_index(known)) + "\n"}


def _page(extension: Extension, extensions: Extensions) -> Iterator[str]:
    over = extensions.get(extension.connector)
    yield from (f"# {extension.title['en']}", "", extension.description["en"], "")
    yield f"* {countries_words(extension.countries)}."
    yield f"* Over [{over.title['en'] if over else ''}](../connectors/{extension.connector}.md)."
    yield f"* Accepts {accepted_words(extension)}."
    if extension.folders != ALL_FOLDERS:
        yield f"* Folders: {', '.join(FOLDER_NAMES[folder].lower() for folder in extension.folders)}."
    tested = "The package itself has received" if extension.tested else "The package itself has not yet received"
    yield f"* {tested} documents by this preset."
    if extension.source:
        yield f"* Source: <{extension.source}>."
    if extension.notes:
        yield from ("", "## First, at the package", "", *(f"* {note['en']}" for note in extension.notes))
    properties = extension.settings_schema["properties"]
    of_client = {name: schema for name, schema in properties.items() if plain(schema).get("x-level") == "client"}
    if of_client:
        yield from ("", "## What is copied from it for each client", "", "| setting | | |", "|---|---|---|")
        for name, schema in of_client.items():
            of = plain(schema)
            yield f"| `{name}` | {of['x-titles']['en']} | {of.get('x-help', {}).get('en', '')} |"
    yield from ("", "## Installing it", "", f"    banqup store install {extension.id} …", "")
    names = [name for name in properties if name not in of_client]
    yield f"The settings of the firm: {', '.join(f'`{name}`' for name in names)}."


def _index(known: dict[str, Extension]) -> Iterator[str]:
    yield from ("# Accounting packages by name", "")
    yield "Each is a [preset](../presets.md): settings over a connector. `/` in the Banqup Store finds them."
    yield from ("", "| package | for | over |", "|---|---|---|")
    for extension in sorted(known.values(), key=lambda one: one.title["en"].casefold()):
        countries = ", ".join(extension.countries) or "all countries"
        yield f"| [{extension.title['en']}]({extension.id}.md) | {countries} | `{extension.connector}` |"


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")
    for file in DIRECTORY.glob("*.md"):
        if file.name not in pages():
            file.unlink()


if __name__ == "__main__":
    main()
