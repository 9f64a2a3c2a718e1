"""Names of files in folders of others: which are no documents, which belong together, and how they are shown."""

import unicodedata

UNFINISHED_SUFFIXES = (
    ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".swp", ".swx",
    ".!qb", ".!ut", ".lck", ".lock", "~",
)  # fmt: skip
"""Suffixes that programs give to a file while they write it or have it open: browsers, transfer programs, editors."""

LEFT_BEHIND = frozenset(
    {
        "desktop.ini", "thumbs.db", ".ds_store", "@eadir", "#recycle", "@recycle", "@recently-snapshot", "#snapshot",
        "~snapshot", "$recycle.bin", "recycler", "system volume information", "lost+found", "__macosx",
    }
)  # fmt: skip
"""Files and directories that operating systems, network drives and Synology or QNAP devices leave in a folder."""

_SYNC_CONFLICT = ".sync-conflict-"
"""In the name of a copy that Syncthing makes of a file that was changed on two computers."""


def is_ignored(name: str) -> bool:
    """Tells whether a file or directory of this name is unfinished, hidden, or not meant as a document."""
    lower = name.lower()
    return (
        name.startswith((".", "~$"))
        or lower in LEFT_BEHIND
        or lower.endswith(UNFINISHED_SUFFIXES)
        or _SYNC_CONFLICT in lower
    )


def stem_of(path: str, suffix: str) -> str | None:
    """Returns the path without the suffix, to be compared; `None` if it does not end so.

    A PDF and an XML with one stem may be an e-invoice and its picture. Case and the way in which accents are encoded
    make no difference.
    """
    return unicodedata.normalize("NFC", path[: -len(suffix)]).casefold() if path.lower().endswith(suffix) else None


def key_of(path: str) -> str:
    r"""Returns a path as it can be stored: bytes that are no UTF-8, which Python reads as surrogates, become `\xe9`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(path: str) -> str:
    """Returns a path to be read: NFC; one with bytes that are no UTF-8 is read as Windows-1252, in which old network
    drives and archives have names.
    """
    data = path.encode("utf-8", "surrogateescape")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return unicodedata.normalize("NFC", text)
