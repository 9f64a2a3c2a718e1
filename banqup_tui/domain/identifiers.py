"""Normalises, checks and formats the numbers of companies, bank accounts and payments.

A wrong check digit is only a warning: numbers with wrong check digits are in use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

import msgspec

_MARKED = re.compile(r"[+*]{3}\s*(\d{3})[/ ]?(\d{4})[/ ]?(\d{5})\s*[+*]{3}", re.ASCII)
_SLASHED = re.compile(r"(?<![\d/])(\d{3}) ?/ ?(\d{4}) ?/ ?(\d{5})(?![\d/])", re.ASCII)
_CREDITOR = re.compile(
    r"\bRF\d{2}(?:[A-Z0-9]{1,21}|(?: (?=[A-Z]*\d)[A-Z0-9]{4}){1,5}(?: (?=[A-Z]*\d)[A-Z0-9]{1,3})?)\b", re.ASCII
)
"""In groups of four, each has a digit, so that a word behind the reference is not taken for a part of it."""

_PUNCTUATION = re.compile(r"[\s.\-/,_:()]+")
_VAT_WORDS = "TVA|BTW|MWST|VATIN|VAT|USTID|UST|IVA|MOMS|MVA|ALV|DPH|PDV|DDV|PVM|FPA|AFA"
"""What VAT is called in the countries of the Union, in capitals without accents."""

_NUMBER_WORDS = "NUMMER|NUMBER|NUMERO|NUM|IDNR|NR|ID|NO(?=[A-Z]{2})"
"""Words for *number* behind them; `NO` only before a country, since it is Norway's code."""

_VAT_LABEL = re.compile(rf"^(?:N?(?:{_VAT_WORDS})(?:{_NUMBER_WORDS})?)++")
_BELGIAN_LABEL = re.compile(
    rf"^(?:{_VAT_WORDS}|RP[MR][A-Z]*+|KBO|BCE|CBE|D?ENTREPRISE|ONDERNEMINGS?|{_NUMBER_WORDS}|NO|N|BE)++(?=\d)"
)
"""Possessive, like the others: the text of a stranger must not be tried in all its divisions."""

_LONGEST_NUMBER = 200
_COURT = re.compile(r"(?<=\d)(?:RPM|RPR)[A-Z]*$")
_ADDRESS = re.compile(
    r"(?:urn:oasis:names:tc:ebcore:partyid-type:)?(?:iso6523(?:-actorid-upis)?:{1,2})?"
    r"(\d{4}|[A-Z]{2}:(?:VAT|CBE|KBO|BCE|EN|SIRET|SIRENE?|KVK|OIN)):(.+)",
    re.IGNORECASE | re.DOTALL,
)
"""An identifier that repeats its scheme, as the addresses of Peppol do: `0208:0465123710`."""

_VAT_COUNTRIES = frozenset(
    re.findall(
        "[A-Z]{2}",
        "AT BE BG CY CZ DE DK EE EL ES FI FR GB HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI CH NO",
    )
)
"""The codes with which a VAT number begins: those of VIES, and GB, CH and NO."""

_CODES_OF_STDNUM = {"EL": "gr", "XI": "gb"}

_IBAN_LENGTHS: dict[str, int] = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
        "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 "
        "IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 "
        "MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 "
        "SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 ",
    )
}
"""The length of an IBAN by country (registry of ISO 13616)."""

_BELGIAN_SCHEMES = frozenset(
    {"0208", "9925", "9956", "BE:CBE", "BE:KBO", "BE:BCE", "BE:VAT", "BE:EN", "CBE", "KBO", "BCE"}
)
_FRENCH_SCHEMES = frozenset({"0002", "0009", "0225", "SIREN", "SIRET", "FR:SIREN", "FR:SIRET", "FR:SIRENE"})
_TAX_SCHEMES = frozenset({"", "FC", "TAX", "TAXID", "GST"})
_PEPPOL_VAT_SCHEME = re.compile(r"99[1-5]\d|[A-Z]{2}:VAT")
_OTHER_NAMES_OF_SCHEMES = {"NL:KVK": "0106", "NL:OIN": "0190", "GLN": "0088", "DUNS": "0060", "EMAIL": "EM"}


class CommunicationCheck(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Belgian structured communication: its twelve digits, and the check digits that are expected at their end."""

    digits: str
    expected: str

    @property
    def check_digits(self) -> str:
        """The check digits of the document: the last two."""
        return self.digits[10:]

    @property
    def holds(self) -> bool:
        """True if the check digits are the expected ones."""
        return self.check_digits == self.expected


def belgian_number(text: str) -> str | None:
    """Returns the ten digits of a Belgian enterprise or VAT number, which are the same; `None` for any other text.

    `BE 0465.123.710`, `TVA BE465123710`, `N° 0465.123.710 RPR Gent` and `0465123710` are one number. Nine digits get
    the leading zero that was added in 2005. Establishment units begin with 2 to 8 and are no enterprise number. The
    check digits are not checked, unless only a word for *number* stands before it.
    """
    plain = _plain(text)
    label = _BELGIAN_LABEL.match(plain)
    digits = _COURT.sub("", plain[label.end() :] if label else plain)
    if not (digits.isascii() and digits.isdigit()):
        return None
    is_vague = label is not None and re.fullmatch(rf"(?:{_NUMBER_WORDS}|NO|N)++", label[0]) is not None
    digits = digits.zfill(10) if len(digits) == 9 and not is_vague else digits
    if len(digits) != 10 or digits[0] not in "01" or (is_vague and not belgian_check_holds(digits)):
        return None
    return digits


def belgian_check_holds(number: str) -> bool:
    """Returns True if the last two of ten digits are 97 minus the remainder of the first eight divided by 97."""
    return int(number[8:]) == 97 - int(number[:8]) % 97


def normalise_vat(text: str, country: str = "") -> str | None:
    """Returns a VAT number with its country code and without spaces or points: `BE0465123710`, `NL123456789B01`.

    A number without a code gets that of `country` if it has the structure of that country. Returns `None` if the
    text is no VAT number.
    """
    compact = _VAT_LABEL.sub("", _plain(text))
    if compact[:2] == "GR":
        compact = f"EL{compact[2:]}"
    belgian = belgian_number(compact) if compact[:2] == "BE" or country == "BE" else None
    if belgian or compact[:2] == "BE":
        return f"BE{belgian}" if belgian else None
    if compact[:2] in _VAT_COUNTRIES and re.fullmatch(r"[0-9A-Z+*]{2,15}", compact[2:]):
        return compact
    code = "EL" if country == "GR" else country
    if code not in _VAT_COUNTRIES or _vat_flaw(code, compact) is _Flaw.STRUCTURE:
        return None
    return f"{code}{compact}"


def is_vat_scheme(scheme: str) -> bool:
    """Returns True for a word for VAT: `VAT` (UN/ECE 5153), `VA` (UNTDID 1153), `BTW`, `TVA`, `MwSt.` …"""
    compact = _plain(scheme)
    return compact == "VA" or re.fullmatch(rf"(?:{_VAT_WORDS})(?:{_NUMBER_WORDS})?", compact) is not None


def vat_number_holds(text: str) -> bool:
    """Returns True if a VAT number has the structure of its country and right check digits."""
    vat = normalise_vat(text)
    return vat is not None and _vat_flaw(vat[:2], vat[2:]) is None


class _Flaw(Enum):
    """The flaw of a VAT number. A number that is in use may have wrong check digits."""

    STRUCTURE = 1
    CHECK_DIGITS = 2


def _vat_flaw(code: str, number: str) -> _Flaw | None:
    """Returns the flaw of the part after the country code, in capitals and without punctuation."""
    # Imported late: a terminal shows its first frame without it.
    from stdnum.ch import uid
    from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
    from stdnum.no import orgnr
    from stdnum.util import get_cc_module

    if not number.isascii():
        return _Flaw.STRUCTURE
    try:
        match code:
            # The suffix that makes these an enterprise's VAT number is often left out.
            case "CH":
                uid.validate(re.sub(r"(?:MWST|TVA|IVA|TPV)$", "", f"CH{number}"))
            case "NO":
                orgnr.validate(number.removesuffix("MVA"))
            case _:
                module = get_cc_module(_CODES_OF_STDNUM.get(code, code).lower(), "vat")
                assert module is not None, code
                module.validate(number)
    except (InvalidChecksum, InvalidComponent):
        return _Flaw.CHECK_DIGITS
    except ValidationError:
        return _Flaw.STRUCTURE
    return None


def party_keys(identifiers: Iterable[tuple[str, str]], country: str = "") -> tuple[str, ...]:
    """Returns the keys by which a party is matched, from its `(scheme, value)` identifiers, in order, each once.

    Two parties that share a key are the same company. `be:0465123710` stands for every way to write a
    Belgian number (Peppol 0208, 9925 and 9956, `BE:VAT`, VAT, none); `vat:` and `fr:` (SIREN) likewise; any
    other scheme gives `scheme:VALUE`. `country` (ISO 3166) helps with numbers that carry no country code.
    An identifier without a scheme that is no known number gives no key: it was made up by one sender.
    """
    pairs = (_without_address(scheme.strip().upper(), value) for scheme, value in identifiers)
    return tuple(dict.fromkeys(key for scheme, value in pairs for key in _keys(scheme, value, country)))


def pretty_vat(text: str) -> str:
    """Returns a Belgian VAT or enterprise number as people write it, `BE 0465.123.710`; other texts unchanged."""
    number = belgian_number(text)
    if number is None:
        return text.strip()
    return f"BE {number[:4]}.{number[4:7]}.{number[7:]}"


def pretty_enterprise_number(text: str) -> str:
    """Returns a Belgian enterprise number as people write it, `0465.123.710`; other texts unchanged."""
    return pretty_vat(text).removeprefix("BE ") if belgian_number(text) else text.strip()


def normalise_account(text: str) -> str:
    """Returns an account number in capitals, without spaces, points and dashes."""
    return re.sub(r"[\s.\-]+", "", text).upper().removeprefix("IBAN")


def is_iban(text: str) -> bool:
    """Returns True for a valid IBAN: the length of its country, and check digits (ISO 13616, ISO 7064 MOD 97-10)."""
    iban = normalise_account(text)
    return looks_like_iban(iban) and _modulo_97(iban[4:] + iban[:4]) == 1


def looks_like_iban(text: str) -> bool:
    """Returns True for a text of the length of an IBAN of its country, whatever its check digits."""
    iban = normalise_account(text)
    return bool(re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+", iban)) and len(iban) == _IBAN_LENGTHS.get(iban[:2])


def iban_check_digits(country: str, account: str) -> str:
    """Returns the two check digits of the IBAN with this country code and basic account number."""
    return f"{98 - _modulo_97(f'{account}{country}00'.upper()):02}"


def pretty_account(text: str) -> str:
    """Returns an IBAN in groups of four, `BE68 5390 0754 7034`; other accounts unchanged."""
    if not is_iban(text):
        return text.strip()
    iban = normalise_account(text)
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def check_communication(text: str) -> CommunicationCheck | None:
    """Checks a Belgian structured communication (`+++123/4567/89002+++`); `None` if the text is none.

    The last two of the twelve digits are the remainder of the first ten divided by 97, and 97 in place of 0.
    """
    match = re.fullmatch(r"([+*]{3})?\s*(\d{3})[/ ]?(\d{4})[/ ]?(\d{5})\s*([+*]{3})?", text.strip(), re.ASCII)
    if match is None:
        return None
    digits = match[2] + match[3] + match[4]
    return CommunicationCheck(digits=digits, expected=f"{int(digits[:10]) % 97 or 97:02}")


def pretty_communication(text: str) -> str:
    """Returns a structured communication as people write it: `+++123/4567/89002+++`, `RF18 5390 0754 7034`.

    Other texts are unchanged.
    """
    check = check_communication(text)
    if check is not None:
        return f"+++{check.digits[:3]}/{check.digits[3:7]}/{check.digits[7:]}+++"
    reference = creditor_reference(text)
    if reference is None:
        return text.strip()
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))


def creditor_reference(text: str) -> str | None:
    """Returns a creditor reference of ISO 11649 (`RF18539007547034`) without spaces; `None` for any other text.

    Its check digits are those of ISO 7064 MOD 97-10.
    """
    compact = re.sub(r"\s+", "", text).upper()
    if not re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", compact):
        return None
    return compact if _modulo_97(compact[4:] + compact[:4]) == 1 else None


def communication_in(text: str) -> str:
    """Returns the structured communication that stands somewhere in a text; empty if there is none, or if several do.

    It is the twelve digits of a Belgian one, between signs (`+++`, `***`) or with slashes or as the whole text, or a
    creditor reference of ISO 11649. Check digits have to fit, because other numbers may look the same.
    """
    candidates = ["".join(match.groups("")) for match in _MARKED.finditer(text)]
    candidates += ["".join(match.groups()) for match in _SLASHED.finditer(text)]
    candidates += [text] if re.fullmatch(r"\s*\d{12}\s*", text, re.ASCII) else []
    checks = map(check_communication, candidates)
    found = {check.digits for check in checks if check is not None and check.holds and check.digits[:10].strip("0")}
    found |= {reference for match in _CREDITOR.finditer(text.upper()) if (reference := _longest_reference(match[0]))}
    return found.pop() if len(found) == 1 else ""


def _longest_reference(groups: str) -> str | None:
    """Returns the creditor reference with which a text in groups of four begins; words may follow it."""
    parts = groups.split(" ")
    references = (creditor_reference("".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((reference for reference in references if reference is not None), None)


def _compact(text: str) -> str:
    return _PUNCTUATION.sub("", text).upper()


def _plain(text: str) -> str:
    """Returns the text in capitals without punctuation and accents; nothing for one that is too long for a number."""
    if len(text) > _LONGEST_NUMBER:
        return ""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return re.sub("[°º'’#]", "", _compact(text))


def _modulo_97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _without_address(scheme: str, value: str) -> tuple[str, str]:
    """Returns scheme and value, those inside the value if it repeats its scheme."""
    address = _ADDRESS.fullmatch(value.strip()) if len(value) <= _LONGEST_NUMBER else None
    return (address[1].upper(), address[2]) if address else (scheme, value)


def _keys(scheme: str, value: str, country: str) -> list[str]:
    scheme = _OTHER_NAMES_OF_SCHEMES.get(scheme, scheme)
    compact = _compact(value)
    if not compact:
        return []
    if scheme in _BELGIAN_SCHEMES:
        number = belgian_number(value)
        return [f"be:{number}"] if number else _keys("", value, "")
    if scheme in _FRENCH_SCHEMES and re.fullmatch(r"\d{9}(?:\d{5})?", compact[:14], re.ASCII):
        return [f"fr:{compact[:9]}"]
    is_vat = is_vat_scheme(scheme)
    if is_vat or scheme in _TAX_SCHEMES or _PEPPOL_VAT_SCHEME.fullmatch(scheme):
        return _vat_keys(scheme, value, country) or _labelled("VAT" if is_vat else scheme, compact)
    return [f"em:{value.strip().lower()}"] if scheme == "EM" else _labelled(scheme, compact)


def _vat_keys(scheme: str, value: str, country: str) -> list[str]:
    number = belgian_number(value)
    is_bare = _plain(value)[:1].isdigit()
    if is_bare and number and country in ("", "BE") and scheme != "FC":
        # Without a country ten digits may be a number of another one, unless they begin as Belgian ones mostly do.
        is_likely = belgian_check_holds(number) and (scheme == "" or number.startswith("0"))
        if country == "BE" or is_likely:
            return [f"be:{number}"]
    if is_bare and scheme in ("", "FC"):
        return []
    vat = normalise_vat(value, country)
    if vat is None:
        return []
    if vat.startswith("BE"):
        return [f"be:{vat[2:]}"]
    siren = [f"fr:{vat[4:]}"] if re.fullmatch(r"FR..\d{9}", vat, re.ASCII) else []
    return [f"vat:{vat}", *siren]


def _labelled(scheme: str, compact: str) -> list[str]:
    return [f"{scheme.lower()}:{compact}"] if scheme else []


def pretty_key(key: str) -> str:
    """Returns a key of `party_keys` as people write the number: `be:0465123710` becomes `0465.123.710`."""
    kind, _, text = key.partition(":")
    pretty = {"be": pretty_enterprise_number, "vat": pretty_vat, "iban": pretty_account, "account": pretty_account}
    return pretty[kind](text) if kind in pretty else key
