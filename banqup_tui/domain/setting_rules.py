"""Checks settings by their JSON Schema, with the same rules in the form while the user types and in the service.

A rule takes the text as the user has typed it, and yields faults with their place. Nothing is contacted: a valid host
name may still not exist.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.path_template import check as check_template
from banqup_tui.domain.values import JsonObject, Value

Schema = Mapping[str, Any]

_EXAMPLES = {
    "email": "compta@example.be",
    "host": "sftp.example.be",
    "port": "22",
    "url": "https://example.be/in",
    "path": "/in/[external_id]/[folder]",
}
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?\Z")
_LOCAL_PART = re.compile(r"[^\s@<>()\[\],;:\\\"]+\Z")
_BETWEEN_ADDRESSES = re.compile(r"[,;\s]+")
_MOST_HOST, _MOST_LABEL, _MOST_LOCAL_PART = 253, 63, 64


class Flaw(Value, frozen=True, kw_only=True):
    """A fault of a text between `start` and `end`."""

    start: int
    end: int
    message: Message


def plain(schema: Schema) -> JsonObject:
    """Returns the schema of an optional setting (`anyOf` with null) as that of its value; others as they are."""
    there = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**schema, **there[0]} if len(there) == 1 else dict(schema)


def kind_of(schema: Schema) -> str:
    """Returns the kind of a setting: `secret`, `choice`, `tick`, `number`, or its `x-look`, without it `text`."""
    of = plain(schema)
    if of.get("x-look") == "sign-in":
        return "sign-in"
    if of.get("writeOnly"):
        return "secret"
    if "enum" in of:
        return "choice"
    if of.get("type") == "boolean":
        return "tick"
    if of.get("x-template"):
        return "path"
    look = str(of.get("x-look", "text"))
    return "number" if look in ("text", "choice") and of.get("type") in ("integer", "number") else look


def example_of(schema: Schema) -> str:
    """Returns a valid value to show as an example; empty if none is known."""
    kind = kind_of(schema)
    usual = schema.get("default") if kind in ("number", "choice") else None
    return str(schema.get("x-example") or _EXAMPLES.get(kind) or ("" if usual is None else usual))


def with_defaults(properties: Mapping[str, Schema], settings: Mapping[str, object]) -> dict[str, object]:
    """Returns the settings, with the defaults of those that have no value."""
    together = {name: of.get("default") for name, of in properties.items()}
    return together | {name: value for name, value in settings.items() if value is not None}


def is_asked(schema: Schema, settings: Mapping[str, object]) -> bool:
    """Returns True if the setting is asked with the present values of the others, by its `x-when`."""
    when: Schema = plain(schema).get("x-when", {})
    return all(settings.get(name) in values for name, values in when.items())


def flaw_of(schema: Schema, text: str) -> Flaw | None:
    """Returns the first fault of a typed text, `None` without one. An empty text has none."""
    if not text:
        return None
    of, kind = plain(schema), kind_of(schema)
    rule = _RULES.get(kind)
    return next(iter(rule(of, text)), None) if rule is not None else None


_TOO_LARGE = 2**63
"""Numbers on the wire have at most 64 bits."""


def value_of(schema: Schema, text: str) -> object:
    """Returns a typed text as the schema's type. A text that cannot be converted stays text."""
    of = plain(schema)
    trimmed = text.strip()
    if "enum" in of:
        return next((one for one in of["enum"] if str(one) == trimmed), text)
    if of.get("type") == "boolean":
        return trimmed.lower() in ("true", "yes", "on", "1")
    if of.get("type") in ("integer", "number"):
        try:
            number = int(trimmed)
            return number if abs(number) < _TOO_LARGE else text
        except ValueError:
            return _decimal(trimmed) if of["type"] == "number" else text
    return text


def _decimal(text: str) -> object:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _email(of: Schema, text: str) -> Iterator[Flaw]:
    if not of.get("x-many"):
        found = _BETWEEN_ADDRESSES.search(text.strip())
        if found is not None and "@" in text[: found.start()] and "@" in text[found.end() :]:
            yield Flaw(start=found.start(), end=len(text), message=message("setting.one-address"))
        yield from _address(text, 0)
        return
    for part in re.finditer(r"[^,;\s]+", text):
        yield from _address(part.group(), part.start())


def _address(text: str, at: int) -> Iterator[Flaw]:
    space = re.search(r"\s", text.strip())
    local, sign, domain = text.strip().rpartition("@")
    end = at + len(text)
    if space is not None:
        yield Flaw(start=at + space.start(), end=at + space.end(), message=message("setting.space"))
    if not sign:
        yield Flaw(start=end - 1, end=end, message=message("setting.no-at"))
    elif not local:
        yield Flaw(start=at, end=at + 1, message=message("setting.nothing-before-at"))
    elif not _LOCAL_PART.match(local) or len(local) > _MOST_LOCAL_PART or local.startswith(".") or ".." in local:
        yield Flaw(start=at, end=at + len(local), message=message("setting.no-such-beginning"))
    elif not domain:
        yield Flaw(start=end - 1, end=end, message=message("setting.nothing-after-at"))
    elif "." not in domain or not _is_name(domain):
        yield Flaw(start=at + len(local) + 1, end=end, message=message("setting.dot-after-at"))


def _host(of: Schema, text: str) -> Iterator[Flaw]:
    name = text.strip()
    if _is_address(name):
        return
    scheme, slashes, _rest = name.partition("://")
    if slashes:
        end = len(scheme) + len(slashes)
        yield Flaw(start=0, end=end, message=message("setting.scheme-in-host", begin=name[:end]))
    if "/" in name:
        yield Flaw(start=name.index("/"), end=len(name), message=message("setting.path-in-host"))
    if "@" in name:
        yield Flaw(start=0, end=name.index("@") + 1, message=message("setting.user-in-host"))
    if ":" in name:
        yield Flaw(start=name.index(":"), end=len(name), message=message("setting.port-in-host"))
    space = re.search(r"\s", name)
    if space is not None:
        yield Flaw(start=space.start(), end=space.end(), message=message("setting.space"))
    if not _is_name(name.rstrip(".")):
        yield Flaw(start=0, end=len(text), message=message("setting.no-such-server"))


def _is_name(name: str) -> bool:
    labels = name.split(".")
    looks_like_numbers = labels[-1].isdecimal()
    return len(name) <= _MOST_HOST and not looks_like_numbers and all(_is_label(one) for one in labels)


def _is_label(label: str) -> bool:
    return len(label) <= _MOST_LABEL and _LABEL.match(label) is not None


def _is_address(text: str) -> bool:
    inside = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        ipaddress.ip_address(inside)
    except ValueError:
        return False
    return True


def _port(of: Schema, text: str) -> Iterator[Flaw]:
    yield from _number({"minimum": 1, "maximum": 65535} | dict(of) | {"type": "integer"}, text)


def _number(of: Schema, text: str) -> Iterator[Flaw]:
    value = value_of({key: of[key] for key in ("type",) if key in of}, text)
    least, most = of.get("minimum"), of.get("maximum")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    inside = is_number and (least is None or value >= least) and (most is None or value <= most)
    if inside:
        return
    if least is not None and most is not None:
        yield Flaw(start=0, end=len(text), message=message("setting.number-from-to", least=least, most=most))
    elif least is not None and is_number:
        yield Flaw(start=0, end=len(text), message=message("setting.number-at-least", least=least))
    elif most is not None and is_number:
        yield Flaw(start=0, end=len(text), message=message("setting.number-at-most", most=most))
    elif of.get("type") == "integer":
        yield Flaw(start=0, end=len(text), message=message("setting.whole-number"))
    else:
        yield Flaw(start=0, end=len(text), message=message("setting.number"))


def _url(of: Schema, text: str) -> Iterator[Flaw]:
    url = text.strip()
    scheme, slashes, _rest = url.partition("://")
    space = re.search(r"\s", url)
    if space is not None:
        yield Flaw(start=space.start(), end=space.end(), message=message("setting.space"))
    if not slashes or scheme.lower() not in ("https", "http"):
        yield Flaw(start=0, end=len(scheme) if slashes else len(text), message=message("setting.scheme-missing"))
        return
    try:
        parts = urlsplit(url)
        host, _port_number = parts.hostname or "", parts.port
    except ValueError:
        yield Flaw(start=len(scheme) + 3, end=len(text), message=message("setting.no-such-server"))
        return
    if "@" in parts.netloc:
        end = len(scheme) + 3 + parts.netloc.rindex("@") + 1
        yield Flaw(start=len(scheme) + 3, end=end, message=message("setting.user-in-address"))
    if not (_is_address(host) or _is_name(host.rstrip("."))):
        yield Flaw(start=len(scheme) + 3, end=len(text), message=message("setting.no-such-server"))
    if scheme.lower() == "http" and not _is_loopback(host):
        yield Flaw(start=0, end=4, message=message("setting.https-needed"))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _path(of: Schema, text: str) -> Iterator[Flaw]:
    if of.get("x-template"):
        for found in check_template(text):
            yield Flaw(start=found.start, end=found.end, message=found.message)
    else:
        yield from _unseen(text)


def _text(of: Schema, text: str) -> Iterator[Flaw]:
    # A `pattern` is not run here: that of a stranger's package can take hours (catastrophic backtracking). The
    # connector checks it in its own process.
    yield from _unseen(text, but="\n\r\t")
    most = of.get("maxLength")
    if most is not None and len(text) > most:
        yield Flaw(start=most, end=len(text), message=message("setting.too-long", most=most))


def _unseen(text: str, but: str = "") -> Iterator[Flaw]:
    for at, letter in enumerate(text):
        if letter not in but and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            yield Flaw(start=at, end=at + 1, message=message("setting.unseen"))


def _choice(of: Schema, text: str) -> Iterator[Flaw]:
    if text.strip() not in [str(one) for one in of["enum"]]:
        yield Flaw(start=0, end=len(text), message=message("setting.choice", choices=", ".join(map(str, of["enum"]))))


_RULES = {
    "email": _email,
    "host": _host,
    "port": _port,
    "number": _number,
    "url": _url,
    "path": _path,
    "text": _text,
    "choice": _choice,
}
