"""Presets: entries of the Store under the name of an accounting package, over a connector that exists.

A preset is a TOML file, `<id>.toml`, and no code. It fills in settings of the connector, asks for the others in the
words of the package, and says what the package accepts. The program has its own in `connectors/packages/`; a firm
adds some in a directory (`docs/presets.md` has the keys), and other distributions bring some as data files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import msgspec

from banqup_tui.domain.extension import Category, Words, in_languages
from banqup_tui.domain.folder import ALL_FOLDERS, Folder

SUFFIX = ".toml"
MOST_BYTES = 64_000
MOST_IN_A_DIRECTORY = 500
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]
_Texts = _Text | dict[str, _Text]
_Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]


class BadPreset(Exception):
    """A file is no preset. The text is the reason, and may quote the file."""


class PresetSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a preset changes in one setting of its connector.

    Attributes:
        value: fixed, so the setting is not asked.
        default: filled in, and can be changed by the user.
        required: must be filled in, though the connector can do without.
    """

    title: _Texts | None = None
    help: _Texts | None = None
    example: _Text | None = None
    value: str | int | bool | None = None
    default: str | int | bool | None = None
    required: bool = False


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accounting package, as its file says.

    Attributes:
        connector: id of the extension whose connector is used.
        countries: ISO 3166-1 codes of the countries where the package is sold; empty: everywhere.
        asks: settings of a client that are asked, in this order; its others are not.
        settings: changes of settings, by name.
        media_types: what the package accepts; empty: what the connector does.
        converts: media types of which the connector sends an accepted file in their place (the PDF in an e-invoice).
        max_size: largest file, in bytes, if the package accepts less than the connector.
        per_minute: most documents in a minute, if the package accepts fewer than the connector.
        notes: what has to be done or known at the package before the first document.
        source: where the maker says so, as a link.
        tested: the package itself has received documents by this preset.
    """

    title: _Text
    connector: _Text
    description: _Texts
    countries: tuple[_Country, ...] = ()
    category: Category = Category.ACCOUNTING_SOFTWARE
    asks: tuple[str, ...] | None = None
    settings: dict[str, PresetSetting] = {}
    folders: tuple[Folder, ...] = ALL_FOLDERS
    media_types: tuple[str, ...] = ()
    converts: tuple[str, ...] = ()
    max_size: Annotated[int, msgspec.Meta(ge=1)] | None = None
    per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None
    notes: tuple[_Texts, ...] = ()
    source: str = ""
    tested: bool = False


def built_in_presets() -> Iterator[tuple[str, bytes]]:
    """Yields id and content of the program's own presets."""
    return preset_files(files("banqup_tui.connectors") / "packages")


def preset_files(directory: Traversable) -> Iterator[tuple[str, bytes]]:
    """Yields id and content of the presets of a directory, in the order of their names. A long file is cut off."""
    names = sorted(one.name for one in directory.iterdir() if one.name.endswith(SUFFIX))
    for name in names[:MOST_IN_A_DIRECTORY]:
        with (directory / name).open("rb") as file:
            yield name.removesuffix(SUFFIX), file.read(MOST_BYTES + 1)


def read_preset(name: str, content: bytes) -> Preset:
    """Reads a preset.

    Args:
        name: its id, the name of the file without `.toml`.

    Raises:
        BadPreset: it is none.
    """
    if _ID.fullmatch(name) is None:
        raise BadPreset("the name of the file may have small letters a to z, digits and hyphens only")
    if len(content) > MOST_BYTES:
        raise BadPreset(f"it has more than {MOST_BYTES} bytes")
    try:
        return msgspec.convert(tomllib.loads(content.decode()), Preset)
    except (ValueError, msgspec.ValidationError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise BadPreset(str(error)) from error


def words(text: str | dict[str, str] | None) -> Words:
    """Returns a text of a preset by language, with `en`; empty texts without one."""
    if not text:
        return {"en": ""}
    found = in_languages(text)
    return found if "en" in found else {**found, "en": next(iter(found.values()))}
