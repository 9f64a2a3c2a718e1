"""The integrations of a client: a line each, and the settings of the one chosen with where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from banqup_tui.domain.extension import Extension, in_language
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.widgets.deliveries_layout import local_moment
from banqup_tui.widgets.lines_of_text import Line, fitted, labelled, left, paragraph
from banqup_tui.widgets.listing import BuildItems, Item
from banqup_tui.widgets.theme import Token
from banqup_tui.written.folders import FOLDER_NAMES
from banqup_tui.written.formats import cut, full_date, shown
from banqup_tui.written.signs import SignName, sign
from banqup_tui.written.told import told
from banqup_tui.written.words import N_, _, current_language

_STATES: Mapping[IntegrationState, tuple[SignName, Token, str]] = {
    IntegrationState.ACTIVE: ("done", "ok", N_("Active")),
    IntegrationState.PAUSED: ("none", "muted", N_("Paused")),
    IntegrationState.BROKEN: ("error", "error", N_("Needs attention")),
    IntegrationState.REMOVED: ("none", "muted", N_("Removed")),
}
_LAST_FROM = 100
_VALUE, _ORIGIN = 18, 60


def integration_words(state: IntegrationState) -> tuple[str, Token, str]:
    """Its sign, its colour, its word."""
    name, token, word = _STATES[state]
    return sign(name), token, _(word)


def folders_words(folders: Sequence[Folder]) -> str:
    """`All five`, or their names."""
    if set(folders) == set(ALL_FOLDERS):
        return _("All five")
    return ", ".join(_(FOLDER_NAMES[folder]) for folder in ALL_FOLDERS if folder in folders)


def integration_items(integrations: Sequence[Integration], now: datetime) -> BuildItems:
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
        return tuple(labels), [Item(one.id, _row(one, since, width, now)) for one in integrations]

    return build


def _row(integration: Integration, since: int, width: int, now: datetime) -> Line:
    mark, token, word = integration_words(integration.state)
    puts = [
        fitted(0, 16, integration.label),
        fitted(18, 36, f"{mark} {word}", token),
        fitted(38, since - 2, folders_words(integration.folders)),
        left(since, full_date(integration.activated_at.date() if integration.activated_at else None), "muted"),
    ]
    if width >= _LAST_FROM:
        puts.append(left(since + 14, local_moment(integration.last_sent_at, now), "muted"))
    return tuple(puts)


def integration_details(integration: Integration, extension: Extension | None, width: int) -> list[Line]:
    """Settings as they are used, each with its origin; what is wrong first."""
    label = cut(shown(integration.label), 30)
    heading = [left(0, label, "strong", bold=True)]
    lines: list[Line] = []
    if integration.cause:
        cause = paragraph(len(label) + 2, width, told(integration.cause), "error")
        lines += [(*heading, *cause[0]), *cause[1:]]
    else:
        lines.append(tuple(heading))
    if integration.remedy and integration.state is IntegrationState.BROKEN:
        lines += labelled(_("What to do"), _VALUE, width, told(integration.remedy))
    lines += _settings(integration, extension, width)
    return lines


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


def title_of(name: str, schema: Mapping[str, Any]) -> str:
    """What a setting is called in the language in use."""
    titles = schema.get("x-titles")
    return in_language(titles, current_language()) if titles else str(schema.get("title") or name)
