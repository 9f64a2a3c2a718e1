"""Checks and fills paths with `[placeholders]`.

The author of a template is trusted, the author of a document is not: every value is made a safe part of one name
before it is filled in, so that no value can add a folder, leave a folder with `..`, or hide a file.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value

PLACEHOLDERS: tuple[str, ...] = (
    "external_id",
    "vat_number",
    "uen_number",
    "client_name",
    "invoice_type",
    "folder",
    "year",
    "month",
    "number",
    "date",
    "file_name",
)

FOLDER_WORDS: dict[Folder, str] = {
    Folder.SALES_INVOICES: "sales",
    Folder.PURCHASE_INVOICES: "purchases",
    Folder.PURCHASE_RECEIPTS: "receipts",
    Folder.ENRICHED_MOVEMENT_REPORTS: "movements",
    Folder.OTHER_DOCUMENTS: "other",
}

MAX_VALUE_BYTES = 120
MAX_NAME_BYTES = 200

_NAMING = frozenset({"number", "file_name"})
_PARTS = re.compile(r"\[([^\[\]/\\]*)\]")
_BRACKETS = re.compile(r"[\[\]]")
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_SPACES = re.compile(r"\s+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")


class TemplateProblem(Value, frozen=True, kw_only=True):
    """A fault between `start` and `end`. The message's parameter `near` is a similar valid text, if there is one."""

    start: int
    end: int
    message: Message


def check(template: str) -> list[TemplateProblem]:
    """Returns every problem of a template, from left to right. A template without problems can be filled."""
    problems = [*_unknown_names(template), *_stray_brackets(template), *_climbing(template), *_control(template)]
    if not template.strip():
        problems.append(TemplateProblem(start=0, end=len(template), message=message("setting.empty")))
    return sorted(problems, key=lambda problem: (problem.start, problem.end))


def _unknown_names(template: str) -> Iterable[TemplateProblem]:
    for found in _PARTS.finditer(template):
        name = found.group(1)
        if name in PLACEHOLDERS:
            continue
        yield TemplateProblem(start=found.start(), end=found.end(), message=_unknown(found.group(), _nearest(name)))


def _unknown(variable: str, near: str | None) -> Message:
    if near is not None:
        return message("setting.variable-near", variable=variable, near=near)
    return message("setting.variable", variable=variable, known=", ".join(f"[{name}]" for name in PLACEHOLDERS))


def _nearest(name: str) -> str | None:
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    near = get_close_matches(plain, PLACEHOLDERS, n=1, cutoff=0.5)
    return f"[{near[0]}]" if near else None


def _stray_brackets(template: str) -> Iterable[TemplateProblem]:
    """Yields brackets without their partner. An open bracket is taken to end at the next separator."""
    rest = _PARTS.sub(lambda found: " " * len(found.group()), template)
    for found in _BRACKETS.finditer(rest):
        if found.group() == "]":
            yield TemplateProblem(start=found.start(), end=found.end(), message=message("setting.bracket-not-opened"))
            continue
        end = next((at for at in range(found.end(), len(rest)) if rest[at] in "/\\["), len(rest))
        near = _nearest(rest[found.end() : end])
        yield TemplateProblem(
            start=found.start(),
            end=end,
            message=message("setting.bracket-not-closed-near", near=near)
            if near is not None
            else message("setting.bracket-not-closed"),
        )


def _climbing(template: str) -> Iterable[TemplateProblem]:
    for found in re.finditer(r"(?:^|(?<=/))\.\.(?=/|$)", template):
        yield TemplateProblem(start=found.start(), end=found.end(), message=message("setting.climbs"))


def _control(template: str) -> Iterable[TemplateProblem]:
    for at, letter in enumerate(template):
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            yield TemplateProblem(start=at, end=at + 1, message=message("setting.unseen"))


def names_a_file(template: str) -> bool:
    """Returns True if the last part names a file: it has `[number]` or `[file_name]`, or ends in an extension."""
    last = template.rpartition("/")[2]
    if any(name in _NAMING for name in _PARTS.findall(last)):
        return True
    extension = _EXTENSION.search(last)
    return extension is not None and extension.start() > 0


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """Fills a template. The path is absolute only if the template is. Raises `KeyError` for unknown placeholders."""
    root = "/" if template.startswith("/") else ""
    parts = [fill_name(part, values) for part in template.split("/") if part not in ("", ".", "..")]
    return root + "/".join(parts)


def fill_name(part: str, values: Mapping[str, str]) -> str:
    """Fills one part of a path. A part without placeholders stays as it is: the template's author is trusted."""
    if not _PARTS.search(part):
        return part
    filled = _PARTS.sub(lambda found: _value(found.group(1), values), part)
    return _presentable(_capped(filled, MAX_NAME_BYTES)) or "_"


def _value(name: str, values: Mapping[str, str]) -> str:
    return safe_name(values[name]) or f"no_{name}"


def safe_name(text: str) -> str:
    """Returns a stranger's text as a safe part of one name; empty if nothing is left.

    Separators, control and direction characters are removed; accents and other scripts stay. The result does not
    begin with a dot (hidden file) or a dash (option), is no name that a system reserves, and has at most 120 bytes.
    """
    plain = unicodedata.normalize("NFC", text)
    seen = "".join(_visible(letter) for letter in plain)
    joined = _FORBIDDEN.sub("-", _SPACES.sub(" ", seen))
    return _presentable(_capped(joined.strip(), MAX_VALUE_BYTES))


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Zl", "Zp", "Zs") or letter in "\t\n\r":
        return " "
    return "" if category.startswith("C") else letter


def _presentable(name: str) -> str:
    name = name.lstrip(". ").rstrip(". ")
    if name.startswith(("-", "~")) or _RESERVED.match(name):
        return f"_{name}"
    return name


def _capped(name: str, limit: int) -> str:
    """Cuts a name to a number of bytes, never within a character."""
    return name.encode()[:limit].decode(errors="ignore")
