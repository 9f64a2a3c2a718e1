"""What many failures have in common: the message, without what names one document, one folder or one moment."""

import re

import msgspec

from banqup_tui.domain.messages import TEXT, Message

GAP = "…"
_LONGEST = 300
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»')
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"[45]\d\d")
_SAYS_A_CODE = frozenset({"http", "status", "code", "answered", "error"})
_JOINING = frozenset(
    (
        "a",
        "aan",
        "d",
        "da",
        "de",
        "del",
        "den",
        "der",
        "des",
        "di",
        "du",
        "en",
        "et",
        "het",
        "l",
        "la",
        "le",
        "les",
        "of",
    )
)
_OPENING, _CLOSING = "([{<\"'“‘«", ")]}>\"'”’».,:;!?"


_OF_ONE = frozenset({"path", "directory", "file", "name", "number", "size", "kept", "at", "address"})
"""Parameters that name one document, one folder or one moment: two failures that differ in them have one cause."""

_message = msgspec.json.Decoder(Message)


def cause_of(reason: Message | None) -> str:
    """What the reason has in common with others, as JSON: equal texts are one cause. Empty where there is no reason."""
    if reason is None:
        return ""
    if reason.code == TEXT:
        texts = (name for name in sorted(reason.params) if name.partition(".")[0] == "text")
        common = Message(TEXT, {name: _common_text(str(reason.params[name])) for name in texts})
    else:
        common = Message(
            reason.code, {name: reason.params[name] for name in sorted(reason.params) if name not in _OF_ONE}
        )
    return msgspec.json.encode(common).decode()


def message_of(cause: str) -> Message | None:
    """The message of a cause, in whose sentence a gap stands for what is left out."""
    return _message.decode(cause) if cause else None


def _common_text(reason: str) -> str:
    """The sentence with a gap in place of each path, address, file, number and quoted name."""
    text = _QUOTED.sub(_quotation, " ".join(reason.split())[:_LONGEST])
    return _closed(_without_names(text.split()))


def _quotation(found: re.Match[str]) -> str:
    """What the receiver said is the cause and stays; the name of something is not."""
    inside = next(group for group in found.groups() if group is not None)
    plain = [word for word in inside.split() if _WORD.fullmatch(word) and word[0].islower()]
    is_said = len(plain) >= 2 and "/" not in inside and "\\" not in inside
    return found.group() if is_said else GAP


def _without_names(words: list[str]) -> list[str]:
    """A path may have spaces in it: what lies between its slashes, and names that follow it, belong to it."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        before = kept[-1] if kept else ""
        if _is_path(words[at]):
            end = _end_of_path(words, at)
            kept.append(GAP + _ending(words[end]))
            at = end + 1
            continue
        kept.append(_plain(words[at], before))
        at += 1
    return kept


def _is_path(word: str) -> bool:
    return "/" in word.strip("/") or "\\" in word or (word.startswith(("/", "~/")) and len(word) > 1)


def _end_of_path(words: list[str], begin: int) -> int:
    end = begin
    for at in range(begin + 1, min(begin + 8, len(words))):
        if _ending(words[at - 1]) not in ("", '"', "”", "»"):
            break
        if "/" in words[at] or "\\" in words[at]:
            end = at
    while end + 1 < len(words) and not _ending(words[end]) and _goes_on(words, end + 1):
        end += 1
    return end


def _goes_on(words: list[str], at: int) -> bool:
    """`du Parvis` after `/srv/in/Boulangerie`."""
    if words[at][0].isupper():
        return True
    return words[at].lower() in _JOINING and at + 1 < len(words) and words[at + 1][0].isupper()


def _plain(word: str, before: str) -> str:
    core = word.strip(_OPENING + _CLOSING)
    if not core or not _is_a_name(core, before.strip(_OPENING + _CLOSING).lower(), word[0] in _OPENING):
        return word
    start = word.index(core)
    return f"{word[:start]}{GAP}{word[start + len(core) :]}"


def _is_a_name(core: str, before: str, quoted: bool) -> bool:
    if _CODE.fullmatch(core) and (quoted or before in _SAYS_A_CODE):
        return False
    return any(letter.isdigit() for letter in core) or "@" in core or re.search(r"\w\.\w", core) is not None


def _ending(word: str) -> str:
    """The signs of the sentence that follow a word."""
    return word[len(word.rstrip(_CLOSING)) :]


def _closed(words: list[str]) -> str:
    """Gaps that stand beside each other are one."""
    text = " ".join(words)
    return re.sub(rf"{GAP}(?: {GAP})+", GAP, text)
