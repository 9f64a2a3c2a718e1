"""The cause of a failure: its message without the parts that name one document, one folder or one moment.

Failures with equal causes are shown as one group.
"""

import re

import msgspec

from banqup_tui.domain.messages import TEXT, Message

GAP = "…"
_LONGEST = 300
_OF_ONE = frozenset({"path", "directory", "file", "name", "number", "size", "stored", "at", "address"})
"""Parameters that name one document, one folder or one moment: two failures that differ only in them have one cause."""

_VARIES = re.compile(r"[\d@/\\]|\w\.\w")
_STATUS = re.compile(r"[45]\d\d")
_OPENING, _CLOSING = "([{<\"'“‘«", ")]}>\"'”’».,:;!?"

_message = msgspec.json.Decoder(Message)


def cause_of(reason: Message | None) -> str:
    """Returns the cause of a failure as JSON; equal texts are the same cause. Without a reason it is empty."""
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
    """Returns the message of a cause, with `GAP` in place of the parts that differ; `None` for an empty cause."""
    return _message.decode(cause) if cause else None


def _common_text(reason: str) -> str:
    """Returns a sentence without a code, with a gap for each path, address, file and number.

    Packages of other authors and older versions of the program give such sentences.
    """
    text = " ".join(_common_word(word) for word in reason[:_LONGEST].split())
    return re.sub(rf"{GAP}(?: {GAP})+", GAP, text)


def _common_word(word: str) -> str:
    core = word.strip(_OPENING + _CLOSING)
    if not _VARIES.search(core) or _STATUS.fullmatch(core):
        return word
    start = word.index(core)
    return f"{word[:start]}{GAP}{word[start + len(core) :]}"
