"""Makes the sentence and the remedy of a message, in the current language.

Each module of this package has the messages of one part of the program: for each code the English sentence and remedy,
with names in braces for the parameters. The catalogues of other languages translate these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from banqup_tui.domain.causes import GAP
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.failures import Failing
from banqup_tui.domain.messages import OF_CLIENT, OF_SETTING, TEXT, Message
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import JsonObject
from banqup_tui.presentation.formats import count, decimal, full_date, size
from banqup_tui.presentation.messages.texts import NOTHING, Texts
from banqup_tui.presentation.words import _, current_language


@cache
def texts_by_code() -> Mapping[str, Texts]:
    from banqup_tui.presentation.messages import (
        accounting,
        actions,
        command_line,
        computer,
        config,
        connections,
        deliveries,
        doctor,
        documents,
        files,
        filters,
        intake,
        mail,
        movements,
        readers,
        requests,
        s3,
        service,
        settings,
        sign_ins,
        sync,
        web,
    )

    families = (
        accounting, actions, command_line, computer, config, connections, deliveries, doctor, documents, files, filters,
        intake, mail, movements, readers, requests, s3, service, settings, sign_ins, sync, web,
    )  # fmt: skip
    return {code: texts for family in families for code, texts in family.TEXTS.items()}


def sentence_of(message: Message | None) -> str:
    """Returns the sentence of a message as one line, after the names of its client and setting, if any.

    Without a message it is empty. A code that only a newer version knows is shown with its parameters.
    """
    if message is None:
        return ""
    sentence = sentence_beside(message)
    title = _cleaned(message).get(OF_SETTING)
    if title is not None and not _names_setting(message):
        sentence = _("{title}: {sentence}").format(title=title, sentence=sentence)
    client = clean(str(message.params.get(OF_CLIENT, "")))
    return _("{client}: {sentence}").format(client=client, sentence=sentence) if client else sentence


def _names_setting(message: Message) -> bool:
    return f"{{{OF_SETTING}}}" in texts_by_code().get(message.code, NOTHING).sentence


def sentence_beside(message: Message) -> str:
    """Returns the sentence without the title of its setting, for places that show the title beside it."""
    if message.code == TEXT:
        return _own_text(message, "text")
    texts = texts_by_code().get(message.code)
    if texts is None:
        values = ", ".join(f"{name}: {value}" for name, value in _cleaned(message).items())
        sentence = f"{clean(message.code)} ({values})" if values else clean(message.code)
    else:
        sentence = _(texts.sentence).format_map(_values(message, texts))
    if message.quote:
        sentence = _("{sentence}: “{quote}”.").format(sentence=sentence.removesuffix("."), quote=clean(message.quote))
    return sentence


def remedy_of(message: Message | None) -> str:
    """Returns the sentence on what to do; empty if there is nothing to do."""
    if message is None:
        return ""
    if message.code == TEXT:
        return _own_text(message, "remedy")
    texts = texts_by_code().get(message.code, NOTHING)
    return _(texts.remedy).format_map(_values(message, texts)) if texts.remedy else ""


def _own_text(message: Message, name: str) -> str:
    translated = message.params.get(f"{name}.{current_language()}")
    return clean(str(translated or message.params.get(name, "")))


def words_of(message: Message | None) -> str:
    """Returns the sentence and the remedy of a message."""
    return f"{sentence_of(message)} {remedy_of(message)}".strip()


def remedy_of_delivery(one: Delivery | Failing) -> str:
    """Returns the sentence on what to do about a failed or unknown delivery.

    For an unknown delivery it does not depend on the reason, because only a look at the receiver settles it.
    """
    match one.state:
        case DeliveryState.UNKNOWN if isinstance(one, Delivery) and one.is_checked_by_program:
            return _("It is looked up by itself.")
        case DeliveryState.UNKNOWN:
            return _("Look in the receiving software, then say whether it is there.")
        case DeliveryState.FAILED:
            return remedy_of(one.reason) or _("Send it again when the cause is mended.")
    return remedy_of(one.reason)


def in_english(message: Message) -> tuple[str, str]:
    """Returns sentence and remedy in English, for problem details and other readers without a language."""
    texts = texts_by_code().get(message.code)
    if message.code == TEXT or texts is None:
        return clean(str(message.params.get("text", message.code))), clean(str(message.params.get("remedy", "")))
    values = _values(message, texts, translate=str)
    sentence = texts.sentence.format_map(values)
    if OF_SETTING in values and not _names_setting(message):
        sentence = f"{values[OF_SETTING]}: {sentence}"
    if message.quote:
        sentence = f"{sentence.removesuffix('.')}: “{clean(message.quote)}”."
    return sentence, texts.remedy.format_map(values)


def json_of(message: Message | None, remedy: str | None = None) -> JsonObject | None:
    """Returns a message for `--json`: its code and parameters, and both texts in the current language.

    `remedy` replaces that of the message.
    """
    if message is None:
        return None
    found: JsonObject = {"code": message.code, "params": dict(message.params)}
    if message.quote:
        found["quote"] = message.quote
    return found | {
        "message": sentence_of(message),
        "remedy": remedy_of(message) if remedy is None else remedy,
    }


def _cleaned(message: Message) -> _Params:
    """Returns the parameters, cleaned for the terminal, in the current language.

    Only the values are cleaned, because they may be a stranger's; the sentence around them may have no-break spaces,
    which cleaning would replace.
    """
    found = {clean(name): _Value(clean(str(value))) for name, value in message.params.items()}
    ending = f".{current_language()}"
    translated = {name.removesuffix(ending): value for name, value in found.items() if name.endswith(ending)}
    if OF_SETTING in found and OF_SETTING not in translated:
        translated[OF_SETTING] = _Value(_(found[OF_SETTING]))  # a setting of ours has its title in the catalogue
    return _Params(found | translated)


class _Value(str):
    """A parameter in a sentence.

    `{size:size}` formats bytes, `{took:seconds}` milliseconds, `{n:count}` a number, `{due:day}` a date of ISO 8601.
    """

    def __format__(self, how: str) -> str:
        if how == "day":
            return _day(self)
        if not how or not self.isdecimal():
            return str(self)
        if how == "count":
            return count(int(self))
        return size(int(self)) if how == "size" else decimal(f"{int(self) / 1000:.1f}")


def _day(text: str) -> str:
    try:
        return full_date(date.fromisoformat(text))
    except ValueError:
        return str(text)


def _values(message: Message, texts: Texts, translate: Callable[[str], str] = _) -> _Params:
    """Returns the values for the placeholders of a sentence; a value that is a code becomes its word."""
    values = _cleaned(message)
    worded = {
        name: translate(words[values[name]]).format_map(values)
        for name, words in texts.words.items()
        if values.get(name, GAP) in words
    }
    return _Params({**values, **worded})


class _Params(dict[str, Any]):
    """The parameters of a message, with a gap for those that are missing: causes have no parameters that vary."""

    def __missing__(self, name: str) -> str:
        return _Value(GAP)
