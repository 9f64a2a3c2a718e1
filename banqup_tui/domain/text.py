"""Makes texts of strangers safe to show on one line of a terminal, and to use as file names."""

from __future__ import annotations

import re
import unicodedata

MAX_FILE_NAME_BYTES = 200

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"  # OSC, DCS, SOS, PM, APC, with what they carry
    r"[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"  # two-character escapes
)
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})  # controls; format, bidi and zero-width; lone surrogates
_UNSAFE_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_RESERVED_NAMES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.I | re.S)


def clean(text: str) -> str:
    """Returns the text as one line, without control, escape, bidi and zero-width characters.

    White space becomes single spaces, and none is left at the ends. Cleaning twice changes nothing.
    """
    if not (text.isascii() and text.isprintable()):
        text = _ANSI.sub("", text)
        # Only each distinct character is looked up: the text of a stranger may have fifty million characters.
        changed = {ord(character): shown for character in set(text) if (shown := _visible(character)) != character}
        if changed:
            text = text.translate(changed)
    return " ".join(text.split())


def safe_file_name(text: str, fallback: str = "document") -> str:
    """Returns a file name that every system takes: one component, NFC, at most 200 bytes of UTF-8.

    Separators and characters that Windows refuses become `_`; leading dots are removed; names of devices on Windows
    get a leading `_`; a name that is too long keeps its extension. If nothing is left, `fallback` is used in the same
    way, then `document`.
    """
    name = _UNSAFE_IN_NAMES.sub("_", clean(unicodedata.normalize("NFC", text)))
    name = _without_edges(_capped(_without_edges(name)))
    if not name:
        return "document" if fallback in ("", text) else safe_file_name(fallback, "")
    return _capped(f"_{name}") if _RESERVED_NAMES.fullmatch(name) else name


def last_part(path: str) -> str:
    """Returns the file's own name in a whole path of any system; a name with a slash in it is no path.

    `C:\\Invoices\\A-6.pdf` and `/home/me/A-6.pdf` give `A-6.pdf`; `2026/17.pdf` stays.
    """
    is_path = "\\" in path or re.match(r"[A-Za-z]:/|/|\.{1,2}/|file:", path.strip(), re.IGNORECASE)
    return re.split(r"[/\\]", path.rstrip(" /\\"))[-1] if is_path else path


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in _DROPPED_CATEGORIES or character in _INVISIBLE_LETTERS:
        return ""
    return character


def _without_edges(name: str) -> str:
    return unicodedata.normalize("NFC", name).lstrip(". ").rstrip(". ")


def _capped(name: str) -> str:
    if len(name.encode()) <= MAX_FILE_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    bytes_left = MAX_FILE_NAME_BYTES - len(f"{dot}{extension}".encode())
    return stem.encode()[:bytes_left].decode(errors="ignore").rstrip(". ") + dot + extension


HIDDEN_CHARACTERS = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
"""The content of a character class: all characters that `clean` removes or replaces by a space, except spaces."""

_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")


def without_controls(text: str, *, lines: bool = False) -> str:
    """Returns the text without escape sequences and invisible characters; its spaces stay.

    With `lines` line breaks and tabs stay too, else they become spaces.
    """
    if not _HIDDEN.search(text):
        return text
    return _HIDDEN.sub(lambda found: _shown(found.group(), lines), _ANSI.sub("", text.replace("\r\n", "\n")))


def _shown(character: str, lines: bool) -> str:
    if lines and character in "\n\t":
        return character
    return " " if character.isspace() else ""
