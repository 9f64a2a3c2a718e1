"""Words as searches compare them, and those of the text of a PDF by which it is found."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d"})

MOST_WORDS: Final = 60
MOST_CHARACTERS: Final = 400
"""The most words of a text that are kept. They are in each copy, so they cost its size (docs/decisions/30)."""

_SHORTEST: Final = 3
_SHORTEST_NUMBER: Final = 4
_LONGEST: Final = 30
_AMOUNTS_AND_DATES = re.compile(
    r"(?<![\d.,])(?:\d{1,3}(?:[ .,']\d{3}){0,3}[.,]\d{2}(?!\d)|\d{1,6}[.,]\d{2}(?!\d)"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,3} ?%)"
)
_COMMON: Final = frozenset(
    [
        "aan",
        "aux",
        "avec",
        "bij",
        "ces",
        "cet",
        "das",
        "dans",
        "date",
        "datum",
        "dem",
        "den",
        "der",
        "des",
        "deze",
        "die",
        "dit",
        "door",
        "dont",
        "een",
        "ein",
        "eine",
        "elle",
        "entre",
        "est",
        "ett",
        "eur",
        "euro",
        "excl",
        "facture",
        "factuur",
        "for",
        "from",
        "geen",
        "het",
        "hors",
        "htva",
        "ihre",
        "ihr",
        "incl",
        "invoice",
        "les",
        "leur",
        "mit",
        "montant",
        "naar",
        "nach",
        "net",
        "niet",
        "nos",
        "notre",
        "nous",
        "number",
        "numero",
        "nummer",
        "ook",
        "par",
        "page",
        "pagina",
        "par",
        "pas",
        "per",
        "plus",
        "pour",
        "prijs",
        "prix",
        "qui",
        "que",
        "sans",
        "ses",
        "sie",
        "son",
        "sont",
        "sous",
        "sur",
        "tel",
        "the",
        "total",
        "totaal",
        "totale",
        "tva",
        "tvac",
        "btw",
        "van",
        "vat",
        "vers",
        "von",
        "voor",
        "vos",
        "votre",
        "vous",
        "was",
        "wij",
        "worden",
        "wordt",
        "www",
        "you",
        "your",
        "zal",
        "zijn",
        "zonder",
        "zum",
        "zur",
        "uit",
        "und",
        "une",
        "uns",
        "aantal",
        "bedrag",
        "quantite",
        "description",
        "omschrijving",
        "iban",
        "bic",
        "http",
        "https",
        "com",
    ]
)
"""Words of most invoices in French, Dutch, German and English: a search for them finds nothing in particular."""


def folded(text: str | None) -> str:
    """Returns the text in lower case and without accents, as words are compared."""
    if not text:
        return ""
    decomposed = unicodedata.normalize("NFD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def tokens(text: str) -> list[str]:
    """Returns the words of a text as the search index has them: runs of letters and digits, folded."""
    return re.findall(r"[^\W_]+", folded(text))


def words_of_text(text: str, known: Collection[str] = ()) -> str:
    """Returns the words of a PDF's text by which it is found, each once, in their order, with blanks between them.

    Left out are amounts, dates, short and common words, and those of `known`, which are found already.
    """
    words: dict[str, None] = {}
    skipped = _COMMON.union(*(tokens(one) for one in known)) if known else _COMMON
    length = 0
    for word in tokens(_AMOUNTS_AND_DATES.sub(" ", text)):
        shortest = _SHORTEST_NUMBER if word.isdigit() else _SHORTEST
        if not shortest <= len(word) <= _LONGEST or word in skipped or word in words:
            continue
        length += len(word) + 1
        if len(words) == MOST_WORDS or length > MOST_CHARACTERS + 1:
            break
        words[word] = None
    return " ".join(words)
