"""Failures grouped by cause: a line for each group, and the details of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from banqup_tui.domain.failures import Failing, FailureGroup
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import remedy_of_delivery, sentence_of
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.widgets.layouts.deliveries import state_words
from banqup_tui.widgets.layouts.integrations import integration_words
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, right

MOST_PARTS = 12
_NUMBER, _EXTENSION, _STATE, _CLIENTS, _CAUSE = 7, 9, 24, 45, 47
_VALUE = 18


def group_items(groups: Sequence[FailureGroup], titles: Mapping[str, str]) -> BuildItems:
    """Returns the builder of the list. `titles` are those of extensions, by id."""

    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        labels = (
            right(_NUMBER, _("Count"), "muted"),
            left(_EXTENSION, _("Extension"), "muted"),
            left(_STATE, _("State"), "muted"),
            right(_CLIENTS, _("Clients"), "muted"),
            fitted(_CAUSE, width, _("What happened"), "muted"),
        )
        return labels, [Item(group.key, _row(group, titles, width)) for group in groups]

    return build


def _row(group: FailureGroup, titles: Mapping[str, str], width: int) -> Line:
    mark, token, word = state_words(group.state)
    return (
        right(_NUMBER, count(group.count), "strong", bold=True),
        fitted(_EXTENSION, _STATE - 2, titles.get(group.extension_id, group.extension_id)),
        left(_STATE, f"{mark} {word}", token, bold=True),
        right(_CLIENTS, count(group.clients)),
        fitted(_CAUSE, width, cause_words(group)),
    )


def cause_words(group: FailureGroup) -> str:
    return sentence_of(group.message) or _("No reason was given.")


def group_details(
    group: FailureGroup, example: Failing | None, titles: Mapping[str, str], clients: Mapping[str, str], width: int
) -> list[Line]:
    """Returns the lines on one group. `clients` are names by id."""
    _mark, token, word = state_words(group.state)
    title = titles.get(group.extension_id, group.extension_id)
    lines: list[Line] = [
        (left(0, title, "strong", bold=True), left(len(title) + 2, word.lower(), token, bold=token == "error"))
    ]
    for label, text in _facts(group, example):
        lines += labelled(label, _VALUE, width, text)
    return [*lines, BLANK, *_parts(group, clients, width)]


def _facts(group: FailureGroup, example: Failing | None) -> Iterator[tuple[str, str]]:
    yield _("What happened"), cause_words(group)
    if example is None:
        return
    if sentence_of(example.reason) != cause_words(group):
        yield _("For example"), sentence_of(example.reason)
    yield _("What to do"), remedy_of_delivery(example)


def _parts(group: FailureGroup, clients: Mapping[str, str], width: int) -> Iterator[Line]:
    """Yields the clients with most failures, and the state of their integration."""
    yield (
        left(0, _("Client"), "muted"),
        left(34, _("Integration"), "muted"),
        right(min(width, 76), _("Count"), "muted"),
    )
    for part in group.parts[:MOST_PARTS]:
        mark, token, word = integration_words(part.state)
        beside = "" if part.state is IntegrationState.ACTIVE else f"  {mark} {word}"
        yield (
            fitted(0, 32, clients.get(part.client_id, "")),
            fitted(34, 66, part.label + beside, "text" if part.state is IntegrationState.ACTIVE else token),
            right(min(width, 76), count(part.count)),
        )
    left_out = len(group.parts) - MOST_PARTS
    if left_out > 0:
        yield (left(0, ngettext("and {n} more", "and {n} more", left_out).format(n=count(left_out)), "muted"),)
