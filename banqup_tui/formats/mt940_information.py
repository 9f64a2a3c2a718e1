"""What banks write into tag `:86:`: German sub-fields (`?20`), words between slashes (`/NAME/`), or plain
text.
"""

from __future__ import annotations

import re

import msgspec

from banqup_tui.domain.text import clean

_GERMAN = re.compile(r"(\d{3})([?>~<#@|])(?=\d\d)")
_SEPA_WORDS = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|PURP)\+")
_SLASHED = re.compile(
    r"/(TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|BENM|ORDP|ID|ADDR|CNTP|ISDT|PREF|RTRN|PURP|ULTD|ULTC)/"
)
_PURPOSE_FIELDS = (*range(20, 30), *range(60, 64))


class Information(msgspec.Struct, frozen=True, kw_only=True):
    """The other party, the communication and references of a movement; empty where not told."""

    name: str = ""
    account: str = ""
    bic: str = ""
    free: str = ""
    posting_text: str = ""
    reference: str = ""
    mandate: str = ""


def read_information(fields: list[tuple[str, str]]) -> Information:
    """The information in the `(tag, value)` fields behind a statement line."""
    value = "\n".join(value for tag, value in fields if tag == "86")
    if not value:
        return _from_ns("\n".join(value for tag, value in fields if tag == "NS"))
    german = _GERMAN.match(value)
    if german:
        return _from_sub_fields(value[german.end(1) :].replace("\n", ""), german[2])
    words = _slashed(value.replace("\n", ""))
    return _from_words(words) if words else Information(free=clean(value))


def _from_sub_fields(text: str, separator: str) -> Information:
    """German banks (DFÜ agreement, annex 3): 00 posting text, 20 to 29 and 60 to 63 purpose, 30 bank, 31
    account, 32 and 33 name.
    """
    parts: dict[int, str] = {}
    for number, content in re.findall(
        rf"{re.escape(separator)}(\d\d)((?:(?!{re.escape(separator)}\d\d).)*)", text
    ):
        parts.setdefault(int(number), content)
    purpose = "".join(parts.get(number, "") for number in _PURPOSE_FIELDS)
    words = _sepa_words(purpose)
    return Information(
        name=clean(parts.get(32, "") + parts.get(33, "")),
        account=clean(parts.get(31, "")),
        bic=clean(parts.get(30, "")),
        free=words.get("SVWZ") or ("" if words else clean(purpose)),
        posting_text=clean(parts.get(0, "")),
        reference=_known(words.get("EREF", "")),
        mandate=words.get("MREF", ""),
    )


def _sepa_words(purpose: str) -> dict[str, str]:
    pieces = _SEPA_WORDS.split(purpose)
    words = dict(zip(pieces[1::2], map(clean, pieces[2::2]), strict=True))
    if words and not words.get("SVWZ") and clean(pieces[0]):
        words["SVWZ"] = clean(pieces[0])
    return words


def _slashed(text: str) -> dict[str, str]:
    pieces = _SLASHED.split(text)
    return dict(zip(pieces[1::2], map(clean, pieces[2::2]), strict=True))


def _from_words(words: dict[str, str]) -> Information:
    return Information(
        name=words.get("NAME", ""),
        account=words.get("IBAN", ""),
        bic=words.get("BIC", ""),
        free=re.sub(r"^USTD//|^STRD/(?:CUR|ISO)?/*", "", words.get("REMI", "")).strip("/ "),
        posting_text=words.get("TRTP", ""),
        reference=_known(words.get("EREF", "").strip("/ ")),
        mandate=words.get("MARF", ""),
    )


def _from_ns(value: str) -> Information:
    """The older German `:NS:`: lines of a two-digit number and text; 01 to 14 purpose, 15 and 16 name, 17
    posting text.
    """
    parts: dict[int, str] = {}
    for line in value.split("\n"):
        if line[:2].isdecimal() and line[:2].isascii():
            parts.setdefault(int(line[:2]), line[2:])
    return Information(
        name=clean(" ".join(parts.get(number, "") for number in (15, 16))),
        account=clean(parts.get(20, "")),
        free=clean(" ".join(parts.get(number, "") for number in range(1, 15))),
        posting_text=clean(parts.get(17, "")),
    )


def _known(reference: str) -> str:
    return "" if reference.upper() in ("NOTPROVIDED", "NONREF") else reference
