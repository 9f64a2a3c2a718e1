"""Path of a document at the receiver, from a template of the firm and the data of the document."""

import mimetypes
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated

import msgspec

from banqup_tui.connectors.interface import DeliveryRequest, SettingProblem, setting
from banqup_tui.domain.messages import message
from banqup_tui.domain.path_template import (
    FOLDER_WORDS,
    MAX_NAME_BYTES,
    PLACEHOLDERS,
    TemplateProblem,
    check,
    fill_name,
    fill_path,
    names_a_file,
    safe_name,
)
from banqup_tui.presentation.words import N_

__all__ = [
    "PLACEHOLDERS",
    "FileName",
    "FilledPath",
    "TemplateProblem",
    "check",
    "fill",
    "name_problems",
    "names_a_file",
    "problems_of",
    "values_of",
    "with_suffix",
]

_SUFFIXES: dict[str, tuple[str, ...]] = {
    "application/xml": (".xml",),
    "text/xml": (".xml",),
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "text/plain": (".txt", ".cod", ".coda", ".sta", ".mt940", ".940", ".asc", ".csv"),
    "text/csv": (".csv",),
    "application/zip": (".zip",),
}
"""Extensions of each media type. The first is used if the document's own name has none of them."""


FileName = Annotated[
    str,
    setting(
        N_("File name"), help=N_("Empty: the document's number, or its own name where it has no number."), template=True
    ),
]
"""Setting for the file name, for connectors whose path template may end in a folder (see `fill`)."""


class FilledPath(msgspec.Struct, frozen=True):
    """A filled path: folder and file name."""

    directory: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.directory.rstrip('/')}/{self.name}" if self.directory else self.name

    def named(self, name: str) -> "FilledPath":
        return FilledPath(self.directory, name)


def values_of(delivery_request: DeliveryRequest) -> Mapping[str, str]:
    """Returns the value of each placeholder. The values come from strangers and are not yet safe in a path."""
    word = FOLDER_WORDS[delivery_request.folder]
    return {
        "external_id": delivery_request.client_reference,
        "vat_number": delivery_request.vat_number or "",
        "uen_number": delivery_request.enterprise_number or "",
        "client_name": delivery_request.client_name,
        "invoice_type": word,
        "folder": word,
        "year": f"{delivery_request.issue_date.year:04}",
        "month": f"{delivery_request.issue_date.month:02}",
        "number": delivery_request.number or "",
        "date": delivery_request.issue_date.isoformat(),
        "file_name": _stem(delivery_request),
    }


def fill(template: str, delivery_request: DeliveryRequest, file_name: str = "") -> FilledPath:
    """Returns folder and file name for one document.

    Args:
        file_name: template of the name, for a path template without one. If both lack it, the document's number or
            its original name is used.

    The extension fits the media type, whatever the template says.
    """
    values = values_of(delivery_request)
    folder, name = template, file_name
    if not file_name and names_a_file(template):
        folder, _, name = template.rpartition("/")
        folder = folder or ("/" if template.startswith("/") else "")
    return FilledPath(fill_path(folder, values), _file_name(name, delivery_request, values))


def with_suffix(name: str, suffix: str) -> str:
    """Inserts a suffix before the extension: `2026-1.xml` with `4f1c` gives `2026-1_4f1c.xml`."""
    pure = PurePosixPath(name)
    stem = pure.stem.encode()[: MAX_NAME_BYTES - len(suffix)].decode(errors="ignore")
    return f"{stem}_{suffix}{pure.suffix}"


def problems_of(field: str, template: str) -> list[SettingProblem]:
    return [SettingProblem(field=field, message=found.message) for found in check(template)]


def name_problems(template: str) -> list[SettingProblem]:
    """Returns the problems of a `FileName` that other templates cannot have."""
    if "/" not in template:
        return []
    return [SettingProblem(field="file_name", message=message("setting.slash-in-name"))]


def _file_name(template: str, delivery_request: DeliveryRequest, values: Mapping[str, str]) -> str:
    if template:
        name = fill_name(template.replace("/", "-"), values)
    else:
        name = safe_name(values["number"]) or safe_name(values["file_name"]) or delivery_request.sha256[:16]
    allowed = _allowed(delivery_request.media_type)
    if allowed and PurePosixPath(name.lower()).suffix in allowed:
        return name
    return name + _extension(delivery_request)


def _allowed(media_type: str) -> tuple[str, ...]:
    plain = media_type.partition(";")[0].strip().lower()
    return _SUFFIXES.get(plain) or tuple(mimetypes.guess_all_extensions(plain))


def _extension(delivery_request: DeliveryRequest) -> str:
    """Returns the extension of the original name if it fits the media type, else the usual extension."""
    own = PurePosixPath(delivery_request.file_name.lower()).suffix
    allowed = _allowed(delivery_request.media_type)
    if own in allowed:
        return own
    return allowed[0] if allowed else ".bin"


def _stem(delivery_request: DeliveryRequest) -> str:
    """Returns the original name, without an extension that is added again later."""
    pure = PurePosixPath(delivery_request.file_name.replace("\\", "/").rpartition("/")[2])
    return pure.stem if pure.suffix.lower() in _allowed(delivery_request.media_type) else pure.name
