"""Checks and normalises what people enter about a client, wherever they enter it."""

import re
from collections.abc import Iterator

import msgspec

from banqup_tui.domain.client import ClientDetails
from banqup_tui.domain.identifiers import (
    belgian_check_holds,
    belgian_number,
    is_iban,
    normalise_account,
    normalise_vat,
    vat_number_holds,
)
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.setting_rules import flaw_of
from banqup_tui.domain.values import Value

MOST_CHARACTERS = 200
MOST_IN_REFERENCE = 60
MOST_ACCOUNTS = 50
"""Most accounts, and most further numbers."""

_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


class DetailsFlaw(Value, frozen=True, kw_only=True):
    """A fault in one field of a client's details."""

    field: str
    message: Message


def normalised(details: ClientDetails) -> ClientDetails:
    """Returns the details as they are stored: numbers without punctuation, texts on one line. Wrong ones stay."""
    texts = {
        name: _one_line(value)
        for name in ClientDetails.__struct_fields__
        if isinstance(value := getattr(details, name), str)
    }
    country = texts["country"].upper()
    return msgspec.structs.replace(
        details,
        **{
            **texts,
            "country": country,
            "language": _language(texts["language"]),
            "vat_number": _vat(details.vat_number, country),
            "enterprise_number": _enterprise(details.enterprise_number, country),
            "numbers": tuple(dict.fromkeys(filter(None, (_vat(one, country) for one in details.numbers)))),
            "accounts": tuple(dict.fromkeys(filter(None, map(normalise_account, details.accounts)))),
        },
    )


def flaws_of(details: ClientDetails, before: ClientDetails | None = None) -> Iterator[DetailsFlaw]:
    """Yields the faults of normalised details.

    Args:
        before: The details that are changed. A value that stays is no fault: numbers of documents may be wrong.
    """
    for flaw in _flaws(details):
        if before is None or getattr(details, flaw.field) != getattr(before, flaw.field):
            yield flaw


def _flaws(details: ClientDetails) -> Iterator[DetailsFlaw]:
    for field, limit in (("name", MOST_CHARACTERS), ("reference", MOST_IN_REFERENCE)):
        if not 0 < len(getattr(details, field)) <= limit:
            yield _flaw(field, "client.text-length", field=field, limit=limit)
    for field in ClientDetails.__struct_fields__:
        value = getattr(details, field)
        if field not in ("name", "reference") and isinstance(value, str) and len(value) > MOST_CHARACTERS:
            yield _flaw(field, "client.too-long", limit=MOST_CHARACTERS)
    if details.vat_number is not None and not vat_number_holds(details.vat_number):
        yield _flaw("vat_number", "client.no-vat-number", number=details.vat_number)
    if details.enterprise_number is not None and not _is_enterprise_number(details.enterprise_number):
        yield _flaw("enterprise_number", "client.no-enterprise-number", number=details.enterprise_number)
    for number in details.numbers:
        holds = _is_enterprise_number(number) if normalise_vat(number) is None else vat_number_holds(number)
        if not holds:
            yield _flaw("numbers", "client.no-vat-number", number=number)
    for account in details.accounts:
        if not is_iban(account):
            yield _flaw("accounts", "client.no-iban", number=account)
    for field in ("numbers", "accounts"):
        if len(getattr(details, field)) > MOST_ACCOUNTS:
            yield _flaw(field, "client.too-many", limit=MOST_ACCOUNTS)
    if details.email and (flaw := flaw_of({"x-look": "email"}, details.email)) is not None:
        yield DetailsFlaw(field="email", message=flaw.message)
    if details.country and _COUNTRY.fullmatch(details.country) is None:
        yield _flaw("country", "client.no-country", country=details.country)
    if details.language and _LANGUAGE.fullmatch(details.language) is None:
        yield _flaw("language", "client.no-language", language=details.language)


def _flaw(field: str, code: str, /, **params: str | int) -> DetailsFlaw:
    return DetailsFlaw(field=field, message=message(code, "", **params))


def _is_enterprise_number(number: str) -> bool:
    """Whether it is a number of a company. Only Belgian ones have check digits that are known here."""
    belgian = belgian_number(number)
    if belgian is not None and number.isdigit() and len(number) == 10:
        return belgian_check_holds(belgian)
    return number.isalnum() and 4 <= len(number) <= 20


def _vat(text: str | None, country: str) -> str | None:
    if text is None or not text.strip():
        return None
    belgian = belgian_number(text) if country == "" else None
    if belgian is not None and belgian_check_holds(belgian):
        return f"BE{belgian}"
    return normalise_vat(text, country) or _alphanumeric(text)


def _enterprise(text: str | None, country: str) -> str | None:
    if text is None or not text.strip():
        return None
    belgian = belgian_number(text) if country in ("", "BE") else None
    return belgian or _alphanumeric(text)


def _alphanumeric(text: str) -> str | None:
    return "".join(one for one in text if one.isascii() and one.isalnum()).upper() or None


def _language(text: str) -> str:
    language, _, region = text.replace("_", "-").partition("-")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def _one_line(text: str) -> str:
    """Returns the text as one line without control and bidirectional characters, safe to print on a terminal."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
