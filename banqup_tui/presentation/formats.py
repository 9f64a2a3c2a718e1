"""Formats amounts, dates, counts and identifiers by the locale, and cuts texts that are too long.

The rules of the four locales are here because importing Babel takes longer than the first screen may take. Groups of
digits in French are separated by U+00A0, because most terminal fonts do not have Babel's U+202F.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size as _cell_size

from banqup_tui.domain.currencies import minor_digits
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.widths import width_of
from banqup_tui.presentation.words import _

NO_BREAK = "\u00a0"
LOCALES = ("en_GB", "fr_BE", "nl_BE", "de_BE")


class _Rules(NamedTuple):
    group: str
    decimal: str
    date_separator: str
    percent: str


_RULES = {
    "en_GB": _Rules(",", ".", "/", "%"),
    "fr_BE": _Rules(NO_BREAK, ",", "/", f"{NO_BREAK}%"),
    "nl_BE": _Rules(".", ",", "/", "%"),
    "de_BE": _Rules(".", ",", ".", f"{NO_BREAK}%"),
}
_BY_LANGUAGE = {"en": "en_GB", "fr": "fr_BE", "nl": "nl_BE", "de": "de_BE"}
_state = {"locale": "en_GB"}


def use_locale(locale: str) -> None:
    """Sets the locale: `en_GB`, `fr_BE`, `nl_BE`, `de_BE`; another one by its language, else `en_GB`."""
    name = locale.replace("-", "_").partition(".")[0]
    _state["locale"] = name if name in _RULES else _BY_LANGUAGE.get(name.partition("_")[0], "en_GB")


def current_locale() -> str:
    return _state["locale"]


def count(number: int) -> str:
    """Returns a whole number in groups: `1,284`."""
    digits = f"{abs(number):,}".replace(",", _RULES[_state["locale"]].group)
    return digits if number >= 0 else sign("minus") + digits


def amount(minor: int, currency: str | None = "EUR", *, show_currency: bool = False) -> str:
    """Returns minor units as an amount. Currencies other than EUR stand before it: `USD 1,240.00`."""
    code = (currency or "EUR").upper()
    text = _figure(minor, code, _state["locale"], sign("minus"))
    if code == "EUR" and not show_currency:
        return text
    return f"{code}{NO_BREAK if _state['locale'] == 'fr_BE' else ' '}{text}"


def figure(minor: int, currency: str | None = "EUR") -> str:
    """Returns an amount without its currency, with the decimals of that currency."""
    return _figure(minor, (currency or "EUR").upper(), _state["locale"], sign("minus"))


def amount_with_currency(minor: int, currency: str | None = "EUR") -> str:
    """Returns an amount with its currency for a sentence or heading: `1,215.13 EUR`."""
    code = (currency or "EUR").upper()
    return f"{_figure(minor, code, _state['locale'], sign('minus'))}{NO_BREAK}{code}"


@lru_cache(maxsize=4096)
def _figure(minor: int, code: str, locale: str, minus: str) -> str:
    rules = _RULES[locale]
    decimals = minor_digits(code)
    whole, rest = divmod(abs(minor), 10**decimals)
    text = f"{whole:,}".replace(",", rules.group)
    if decimals:
        text += f"{rules.decimal}{rest:0{decimals}d}"
    return f"{minus}{text}" if minor < 0 else text


def plain_amount(minor: int, currency: str | None = "EUR") -> str:
    """Returns an amount for the clipboard: ASCII minus, no spaces, the decimal sign of the locale."""
    return _figure(minor, (currency or "EUR").upper(), _state["locale"], "-").replace(NO_BREAK, "")


def percent(number: float) -> str:
    """`6%`, `6 %`, `5.5%`."""
    rules = _RULES[_state["locale"]]
    text = f"{number:.2f}".rstrip("0").rstrip(".") if number != int(number) else str(int(number))
    return f"{text.replace('.', rules.decimal)}{rules.percent}"


def decimal(text: str) -> str:
    """Returns a decimal number of a document, `18.40`, with the decimal sign of the locale, without groups."""
    return text.replace("-", sign("minus")).replace(".", _RULES[_state["locale"]].decimal)


def full_date(day: date | None) -> str:
    """`24/11/2026`."""
    if day is None:
        return sign("none")
    mark = _RULES[_state["locale"]].date_separator
    return f"{day.day:02d}{mark}{day.month:02d}{mark}{day.year:04d}"


def short_date(day: date | None) -> str:
    """`24/11/26`."""
    if day is None:
        return sign("none")
    mark = _RULES[_state["locale"]].date_separator
    return f"{day.day:02d}{mark}{day.month:02d}{mark}{day.year % 100:02d}"


def moment(at: datetime, today: date, *, short: bool = False) -> str:
    """Returns `24/11/2026 09:12`, and on the day itself `today 09:14`. `at` and `today` are in the user's time zone."""
    clock = f"{at.hour:02d}:{at.minute:02d}"
    if at.date() == today:
        return f"{_('today')} {clock}"
    return f"{short_date(at.date()) if short else full_date(at.date())} {clock}"


def clock(at: datetime) -> str:
    return f"{at.hour:02d}:{at.minute:02d}"


def vat_number(number: str | None) -> str:
    """Returns a Belgian VAT number as `BE 0465.123.710`, others unchanged after their country code."""
    if not number:
        return sign("none")
    number = shown(number)
    compact = "".join(number.split()).replace(".", "")
    country, digits = compact[:2].upper(), compact[2:]
    if country == "BE" and digits.isdigit() and len(digits) == 10:
        return f"BE {digits[:4]}.{digits[4:7]}.{digits[7:]}"
    return f"{country} {digits}" if country.isalpha() and digits else number


def iban(number: str | None) -> str:
    """`BE68 5390 0754 7034`."""
    if not number:
        return sign("none")
    number = shown(number)
    compact = "".join(number.split())
    return " ".join(compact[at : at + 4] for at in range(0, len(compact), 4))


def size(octets: int) -> str:
    """`86 kB`, `1.4 MB`; French writes `ko` and `Mo`."""
    unit = "o" if _state["locale"] == "fr_BE" else "B"
    if octets < 1000:
        return f"{octets}{NO_BREAK}{unit}"
    if octets < 999_500:
        return f"{round(octets / 1000)}{NO_BREAK}k{unit}"
    return f"{decimal(f'{octets / 1_000_000:.1f}')}{NO_BREAK}M{unit}"


def cut(text: str, width: int) -> str:
    """Cuts the end of a text to at most `width` cells: `Verpakkingen Leie…`. No space stands before the mark."""
    if width_of(text) <= width:
        return text
    if width <= 0:
        return ""
    return head(text, width - 1).rstrip(" \u00a0") + sign("cut")


def cut_middle(text: str, width: int) -> str:
    """Cuts the middle of a text to at most `width` cells, for texts whose ends matter: `PH-202…771045`."""
    if width_of(text) <= width:
        return text
    if width <= 0:
        return ""
    width_left = width - 1
    return head(text, width_left // 2) + sign("cut") + tail(text, width_left - width_left // 2)


def head(text: str, width: int) -> str:
    """Returns the beginning of a text in at most `width` cells; a wide character is never split."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for index, character in enumerate(text):
        used += _cell_size(character)
        if used > width:
            return text[:index]
    return text


def tail(text: str, width: int) -> str:
    """Returns the end of a text in at most `width` cells."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[-width:]
    used = 0
    for index in range(len(text) - 1, -1, -1):
        used += _cell_size(text[index])
        if used > width:
            return text[index + 1 :]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """Breaks a text into lines of at most `width` cells, at spaces, and within a word only if it is too wide alone."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        while width_of(word) > width > 0:
            part = head(word, width) or word[:1]
            lines.append(part)
            word = word[len(part) :]
        line = word
    lines.append(line)
    return lines


@lru_cache(maxsize=8192)
def shown(text: str) -> str:
    """Returns a stranger's text with blanks in place of control, escape, bidi and invisible characters.

    Texts are cleaned where they enter the program (domain.text); this is a second barrier before the terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == NO_BREAK else " " for character in text)
