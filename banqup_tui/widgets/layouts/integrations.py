"""The integrations of a client: a line for each, and the details of one with the origin of each setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.health import Health, health_of
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count, cut, full_date, shown
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.signs import SignName, sign
from banqup_tui.presentation.words import N_, _, ngettext, own_text
from banqup_tui.widgets.layouts.deliveries import local_moment
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.text_lines import Line, fitted, labelled, left, paragraph
from banqup_tui.widgets.theme import Token

_STATES: Mapping[IntegrationState, tuple[SignName, Token, str]] = {
    IntegrationState.ACTIVE: ("done", "ok", N_("Active")),
    IntegrationState.PAUSED: ("none", "muted", N_("Paused")),
    IntegrationState.BROKEN: ("error", "error", N_("Needs attention")),
    IntegrationState.REMOVED: ("none", "muted", N_("Removed")),
}
_HEALTH: Mapping[Health, tuple[SignName, Token, str]] = {
    Health.NOT_LOADING: ("warning", "warn", N_("Does not load")),
    Health.SIGN_IN_EXPIRED: ("error", "error", N_("Sign-in expired")),
    Health.SIGN_IN_REFUSED: ("error", "error", N_("Sign-in refused")),
    Health.NEEDS_ATTENTION: ("error", "error", N_("Needs attention")),
    Health.NO_ANSWER: ("warning", "warn", N_("No answer")),
    Health.EXPIRES_SOON: ("warning", "warn", N_("Sign-in ends")),
    Health.PAUSED: ("none", "muted", N_("Paused")),
    Health.WELL: ("done", "ok", N_("Active")),
}
_LAST_FROM = 100
_VALUE, _ORIGIN = 18, 60


def integration_words(state: IntegrationState) -> tuple[str, Token, str]:
    """Returns sign, colour and word of a state."""
    name, token, word = _STATES[state]
    return sign(name), token, _(word)


def health_words(health: Health) -> tuple[str, Token, str]:
    """Returns sign, colour and word of a health."""
    name, token, word = _HEALTH[health]
    return sign(name), token, _(word)


def folders_words(folders: Sequence[Folder]) -> str:
    """Returns `All five`, or the names of the folders."""
    if set(folders) == set(ALL_FOLDERS):
        return _("All five")
    return ", ".join(_(FOLDER_NAMES[folder]) for folder in ALL_FOLDERS if folder in folders)


def integration_items(integrations: Sequence[Integration], health: Mapping[str, Health], now: datetime) -> BuildItems:
    """Returns the builder of the list. `health` is by integration."""

    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        since = min(width - 10, 74) if width < _LAST_FROM else 74
        labels = [
            left(0, _("Integration"), "muted"),
            left(18, _("State"), "muted"),
            left(38, _("Folders"), "muted"),
            left(since, _("Since"), "muted"),
        ]
        if width >= _LAST_FROM:
            labels.append(left(since + 14, _("Last sending"), "muted"))
        return tuple(labels), [
            Item(integration.id, _row(integration, health.get(integration.id, Health.WELL), since, width, now))
            for integration in integrations
        ]

    return build


def _row(integration: Integration, health: Health, since: int, width: int, now: datetime) -> Line:
    mark, token, word = health_words(health)
    puts = [
        fitted(0, 16, integration.label),
        fitted(18, 36, f"{mark} {word}", token),
        fitted(38, since - 2, folders_words(integration.folders)),
        left(since, full_date(integration.activated_at.date() if integration.activated_at else None), "muted"),
    ]
    if width >= _LAST_FROM:
        puts.append(left(since + 14, local_moment(integration.last_sent_at, now), "muted"))
    return tuple(puts)


def integration_details(
    integration: Integration, extension: Extension | None, now: datetime, width: int, *, failed: int = 0
) -> list[Line]:
    """Returns the lines on one integration: first what is wrong, then its settings with their origin.

    `failed` is the number of failures.
    """
    health = health_of(integration, extension, now)
    label = cut(shown(integration.label), 30)
    heading = [left(0, label, "strong", bold=True)]
    lines: list[Line] = []
    wrong = _what_is_wrong(integration, extension, health)
    if wrong:
        health_lines = paragraph(len(label) + 2, width, wrong, health_words(health)[1])
        lines += [(*heading, *health_lines[0]), *health_lines[1:]]
    else:
        lines.append(tuple(heading))
    for name, text in _facts(integration, health, now, failed):
        lines += labelled(name, _VALUE, width, text)
    lines += _settings(integration, extension, width)
    return lines


def _what_is_wrong(integration: Integration, extension: Extension | None, health: Health) -> str:
    if health is Health.NOT_LOADING and extension is not None and extension.problem:
        return sentence_of(extension.problem)
    if health is Health.SIGN_IN_EXPIRED:
        return sentence_of(integration.cause) or _("The sign-in has expired.")
    if health is Health.EXPIRES_SOON:
        return _("The sign-in ends soon.")
    if health is Health.PAUSED:
        return sentence_of(integration.cause)
    return sentence_of(integration.cause or integration.failing_reason) if not health.is_well else ""


def _facts(integration: Integration, health: Health, now: datetime, failed: int) -> Iterator[tuple[str, str]]:
    """Yields labels and texts; normal states are left out, but for the last sending."""
    if integration.sign_in_until is not None and health in (Health.SIGN_IN_EXPIRED, Health.EXPIRES_SOON):
        yield _("Signed in until"), local_moment(integration.sign_in_until, now)
    if integration.failing_since is not None:
        yield _("Failing since"), local_moment(integration.failing_since, now)
    remedy = remedy_of(integration.cause or integration.failing_reason)
    if remedy and not health.is_well:
        yield _("What to do"), remedy
    elif health in (Health.SIGN_IN_EXPIRED, Health.EXPIRES_SOON):
        yield _("What to do"), _("Renew the sign-in at the receiver's, then give it in the settings.")
    if health is Health.NO_ANSWER and integration.postponed_until is not None and integration.postponed_until > now:
        yield _("Next attempt"), _("By itself at {at}.").format(at=local_moment(integration.postponed_until, now))
    if failed:
        words = ngettext("{count} failure: f", "{count} failures: f", failed)
        yield _("Failed"), words.format(count=count(failed))
    if integration.last_sent_at is not None:
        yield _("Last sending"), local_moment(integration.last_sent_at, now)


def _settings(integration: Integration, extension: Extension | None, width: int) -> Iterator[Line]:
    properties: Mapping[str, Any] = (extension.settings_schema if extension else {}).get("properties", {})
    names = list(properties) or sorted({*integration.effective, *integration.secrets})
    for name in names:
        is_secret = bool(properties.get(name, {}).get("writeOnly"))
        value = integration.effective.get(name)
        if is_secret and name not in integration.secrets:
            continue
        if not is_secret and value in (None, ""):
            continue
        own = name in integration.settings
        end = _ORIGIN - 2 if width > _ORIGIN + 10 else width
        yield (
            fitted(0, _VALUE - 1, title_of(name, properties.get(name, {})), "muted"),
            fitted(_VALUE, end, _("kept, never shown") if is_secret else str(value)),
            *(() if end == width else (left(_ORIGIN, _("this client") if own else _("from the firm"), _tone(own)),)),
        )


def _tone(own: bool) -> Token:
    return "text" if own else "muted"


def title_of(name: str, schema: Schema) -> str:
    """Returns the title of a setting in the current language."""
    titles = schema.get("x-titles")
    return own_text(titles) if titles else str(schema.get("title") or name)
