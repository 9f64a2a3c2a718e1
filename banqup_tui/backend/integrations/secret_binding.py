"""Binding of a stored secret to the server, account and token address for which it was entered.

When one of these changes, the secret must be entered again, also for a connection test. Otherwise a form with another
address would send the stored password to whatever server answers there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from banqup_tui.backend.connector_host.definition import titles_of
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.messages import in_other_languages, message, of_setting
from banqup_tui.domain.secret import revealed
from banqup_tui.domain.setting_rules import Schema, is_asked, plain, with_defaults
from banqup_tui.protocol.problems import ProblemType

_LOOKS = ("host", "port", "url")
_NAMES = ("user", "username", "login", "account", "client_id", "access_key_id", "database")

Properties = Mapping[str, Schema]


def of_firm(
    services: Services, extension_id: str, before: Settings, after: Settings, entered: Collection[str]
) -> Settings:
    """Returns the firm's settings after a change, without unused secrets whose binding has changed.

    Args:
        entered: names of the settings in this change.

    Raises:
        CommandRefused: a secret in use must be entered again; `field` names it.
    """
    return _bound(services, extension_id, before, after, after, entered)


def of_client(
    services: Services,
    extension_id: str,
    firm: Settings,
    before: Settings,
    after: Settings,
    entered: Collection[str],
) -> Settings:
    """Returns a client's own settings after a change, as `of_firm` does.

    The firm's secrets stay with the firm's addresses.
    """
    refuse_inherited(services, extension_id, firm, after, entered)
    return _bound(services, extension_id, {**firm, **before}, {**firm, **after}, after, entered)


def refuse_inherited(
    services: Services, extension_id: str, firm: Settings, own: Settings, entered: Collection[str] = ()
) -> None:
    """Raises `CommandRefused` if a client's own address would get a secret of the firm."""
    properties = services.extensions.properties(extension_id)
    merged = {**firm, **own}
    for name, changed in _moved(properties, firm, merged, {*own, *entered}):
        if is_asked(properties[name], with_defaults(properties, merged)):
            raise _to_give_again(properties, name, changed)


def refuse_left_behind(services: Services, extension_id: str, before: Settings, after: Settings, own: Settings) -> None:
    """Raises `CommandRefused` if a change of the firm's settings would send a client's secret to a new address."""
    refuse_inherited(services, extension_id, after, own)
    properties = services.extensions.properties(extension_id)
    for name, changed in _moved(properties, {**before, **own}, {**after, **own}, ()):
        if name in own:
            raise _to_give_again(properties, name, changed)


def _bound(
    services: Services,
    extension_id: str,
    before: Settings,
    after: Settings,
    of_level: Settings,
    entered: Collection[str],
) -> Settings:
    """Returns `of_level` without unused secrets whose binding changed; kept, they could later go to the new address."""
    properties = services.extensions.properties(extension_id)
    unused = set()
    for name, changed in _moved(properties, before, after, entered):
        if name not in of_level:
            continue
        if is_asked(properties[name], with_defaults(properties, after)):
            raise _to_give_again(properties, name, changed)
        unused.add(name)
    return {name: value for name, value in of_level.items() if name not in unused}


def _to_give_again(properties: Properties, name: str, changed: str) -> CommandRefused:
    others = titles_of(changed, properties[changed])
    reason = message("setting.secret-of-another-value", other=others["en"], **in_other_languages("other", others))
    return CommandRefused(
        ProblemType.INVALID_SETTINGS, of_setting(reason, titles_of(name, properties[name])), field=name
    )


def bound_to(properties: Properties, name: str) -> tuple[str, ...]:
    """Returns the settings that a secret belongs to.

    These are the settings that its connector names, or every address, host and user.
    """
    partners = properties[name].get("x-belongs-to")
    if partners is not None:
        return tuple(one for one in partners if one in properties)
    return tuple(one for one, of in properties.items() if one != name and (_look(of) in _LOOKS or one in _NAMES))


def _look(of: Mapping[str, object]) -> str:
    """Returns the look of a setting, also of an address that is itself a secret."""
    return str(plain(of).get("x-look", ""))


def _moved(
    properties: Properties, before: Mapping[str, object], after: Mapping[str, object], entered: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yields secrets that stay while a setting of their binding changes, each with that setting."""
    values_before, values_after = with_defaults(properties, before), with_defaults(properties, after)
    for name, of in properties.items():
        if not of.get("writeOnly") or name in entered or not after.get(name) or after.get(name) != before.get(name):
            continue
        for one in bound_to(properties, name):
            # An empty setting bound nothing: the first address that is entered is the one for the secret.
            if values_before.get(one) not in (None, "") and _place(properties[one], values_before[one]) != _place(
                properties[one], values_after.get(one)
            ):
                yield name, one
                break


def _place(of: Mapping[str, object], value: object) -> object:
    """Returns the part of a setting that decides the binding.

    Of a URL it is the origin, as for passwords in browsers; of other settings the whole value.
    """
    text = revealed(value)
    if _look(of) != "url" or not isinstance(text, str):
        return str(text).strip().casefold()  # a form sends a port number as text
    try:
        parts = urlsplit(text.strip())
        return parts.scheme.casefold(), (parts.hostname or "").casefold(), parts.port
    except ValueError:
        return text
