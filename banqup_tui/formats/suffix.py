"""The file name extension for a content. A desktop opens or runs a file by its extension."""

from __future__ import annotations

from pathlib import PurePosixPath

from banqup_tui.domain.text import safe_file_name
from banqup_tui.formats import media_type

UNKNOWN = ".bin"
"""No desktop has a program for it."""

_OPEN_DOCUMENT = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "application/xml": (".xml",),
    "text/plain": (".txt", ".csv", ".cod", ".coda", ".cda", ".sta", ".mt940", ".940", ".asc", ".log", ".md"),
    "text/html": (".txt",),
    "message/rfc822": (".eml",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tif", ".tiff"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
    "image/heic": (".heic",),
    "image/heif": (".heif",),
    "image/avif": (".avif",),
    "application/rtf": (".rtf",),
    "application/zip": (".zip",),
    "application/gzip": (".gz",),
    "application/x-7z-compressed": (".7z",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    "application/vnd.ms-outlook": (".msg",),
    f"{_OPEN_DOCUMENT}.wordprocessingml.document": (".docx",),
    f"{_OPEN_DOCUMENT}.spreadsheetml.sheet": (".xlsx",),
    f"{_OPEN_DOCUMENT}.presentationml.presentation": (".pptx",),
    f"{_ODF}.text": (".odt",),
    f"{_ODF}.spreadsheet": (".ods",),
    f"{_ODF}.presentation": (".odp",),
}
"""The extensions of each media type. The first is given to a file that has none of them."""


def extension_of(media_type_name: str) -> str:
    """Returns the extension that files of a media type get, `UNKNOWN` if the type is not known."""
    return _SUFFIXES.get(media_type_name, (UNKNOWN,))[0]


def named_by_content(name: str, data: bytes) -> str:
    """Returns a safe name with an extension of the content, whatever the sender called the file."""
    safe = safe_file_name(name)
    suffixes = _SUFFIXES.get(media_type(data), (UNKNOWN,))
    if PurePosixPath(safe).suffix.lower() in suffixes:
        return safe
    bytes_left = 200 - len(suffixes[0])
    return safe.encode()[:bytes_left].decode(errors="ignore").rstrip(". ") + suffixes[0]
