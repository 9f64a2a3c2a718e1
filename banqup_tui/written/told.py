"""What others say in English, said in the language in use: the service, a connector, the reading of a file.

They may not know a screen's language, and what they said is kept as it was said. The catalogue has their sentences with
the context `told` and with names for what changes in them: `The folder {directory} may not be written to.` A
sentence that is not there, of a connector from elsewhere, is shown as it came. What stands in a place may itself be
words of the program, as in "This is {what}": these have the context `told part`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from banqup_tui.written.folders import FOLDER_NAMES
from banqup_tui.written.words import _, current_language, sentences_with

CONTEXT = "told"
PART = "told part"
_PLACE = re.compile(r"\{(\w+)\}")
_MOST_SENTENCES = 30
_MOST_TOGETHER = 12
_LONGEST = 2_000
"""Signs of a sentence that is looked for. No message has more of either; a server that lies may send a million."""

_FOLDERS = frozenset(FOLDER_NAMES.values())
_BETWEEN = re.compile(r"(?<=[.?:;”]) (?=\S)")


def told(text: str | None) -> str:
    """`text`, one sentence or several, in the language in use."""
    if not text:
        return ""
    language = current_language()
    return text if language == "en" else " ".join(_told(text, language))


def _told(text: str, language: str) -> Iterator[str]:
    """The longest beginning that is known, then the rest in the same way; what is not known as it came."""
    ends = [*(found.start() for found in _BETWEEN.finditer(text)), len(text)]
    if len(ends) > _MOST_SENTENCES:
        yield text
        return
    begin = 0
    while begin < len(text):
        for end in reversed([end for end in ends if end > begin][:_MOST_TOGETHER]):
            known = _one(text[begin:end], language)
            if known is not None:
                break
        else:
            end = min(end for end in ends if end > begin)
            known = text[begin:end]
        yield known
        begin = end + 1


@lru_cache(maxsize=512)
def _one(sentence: str, language: str, context: str = CONTEXT) -> str | None:
    exact, patterns = _known(language, context)
    if sentence in exact:
        return exact[sentence]
    if len(sentence) > _LONGEST:
        return None
    for pieces, names, translation in patterns:
        values = _between(pieces, sentence)
        if values is not None:
            return _filled(translation, dict(zip(names, values, strict=True)), language, context)
    return None


def _between(pieces: list[str], sentence: str) -> list[str] | None:
    """What stands between the pieces, each as early as it comes; none of it is empty. In linear time."""
    first, *middle, last = pieces
    at, end = len(first), len(sentence) - len(last)
    if not (sentence.startswith(first) and sentence.endswith(last)):
        return None
    values = []
    for piece in middle:
        found = sentence.find(piece, at + 1, end)
        if found < 0:
            return None
        values.append(sentence[at:found])
        at = found + len(piece)
    return [*values, sentence[at:end]] if at < end else None


def _filled(translation: str, values: dict[str, str], language: str, context: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: _value(values[place.group(1)], language, context), translation)


def _value(text: str, language: str, context: str) -> str:
    """A folder's name and words of the program are translated, what a stranger wrote is not."""
    if text in _FOLDERS:
        return _(text)
    if context == PART:  # of a part in a part only whole words: a text that nests a thousand would end the recursion
        return _known(language, PART)[0].get(text, text)
    return _one(text, language, PART) or text


@lru_cache(maxsize=8)
def _known(language: str, context: str) -> tuple[dict[str, str], list[tuple[list[str], list[str], str]]]:
    """Sentences without places, and the others by the pieces around these: those that say most come first."""
    exact, patterns = {}, []
    for sentence, translation in sorted(sentences_with(context, language).items(), key=lambda pair: -len(pair[0])):
        first, *rest = _PLACE.split(sentence)
        if rest:
            patterns.append(([first, *rest[1::2]], rest[::2], translation))
        else:
            exact[sentence] = translation
    return exact, patterns
