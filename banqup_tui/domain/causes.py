"""What many failures have in common: the message, without what names one document, one folder or one moment."""

import re

import msgspec

from banqup_tui.domain.messages import TEXT, Message

GAP = "…"
_LONGEST = 300
_OF_ONE = frozenset({"path", "directory", "file", "name", "number", "size", "stored", "at", "address"})
"""Parameters that name one document, one folder or one moment: two failures that differ in them have one cause."""

_VARIES = re.compile(r"[\d@/\\]|\w\.\w")
_STATUS = re.compile(r"[45]\d\d")
_OPENING, _CLOSING = "([{<\"'“‘«", ")]}>\"'”’».,:;!?"

_message = msgspec.json.Decoder(Message)


def cause_of(reason: Message | None) -> str:
    """What the reason has in common with others, as JSON: equal texts are one cause. Empty where there is no reason."""
    if reason is None:
        return ""
    params = {name: reason.params[name] for name in sorted(reason.params)}
    if reason.code == TEXT:
        texts = {name: str(value) for name, value in params.items() if name.partition(".")[0] == "text"}
        common = Message(TEXT, {name: _common_text(text) for name, text in texts.items()})
    else:
        common = Message(reason.code, {name: value for name, value in params.items() if name not in _OF_ONE})
    return msgspec.json.encode(common).decode()


def message_of(cause: str) -> Message | None:
    """The message of a cause, in whose sentence a gap stands for what is left out."""
    return _message.decode(cause) if cause else None


def _common_text(reason: str) -> str:
    """A sentence of a package of others or of an older version, with a gap for each path, address, file and number."""
    text = " ".join(_common_word(word) for word in reason[:_LONGEST].split())
    return re.sub(rf"{GAP}(?: {GAP})+", GAP, text)


def _common_word(word: str) -> str:
    core = word.strip(_OPENING + _CLOSING)
    if not _VARIES.search(core) or _STATUS.fullmatch(core):
        return word
    start = word.index(core)
    return f"{word[:start]}{GAP}{word[start + len(core) :]}"
