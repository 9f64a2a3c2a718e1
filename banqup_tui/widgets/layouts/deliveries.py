"""The deliveries of a document: a line for each, and the details of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.presentation.formats import cut, decimal, moment, shown
from banqup_tui.presentation.messages import remedy_of_delivery, sentence_of
from banqup_tui.presentation.signs import SignName, sign
from banqup_tui.presentation.words import N_, _
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.theme import Token

_STATES: Mapping[DeliveryState, tuple[SignName, Token, str]] = {
    DeliveryState.QUEUED: ("queued", "info", N_("Queued")),
    DeliveryState.SENDING: ("sending", "info", N_("Sending")),
    DeliveryState.DELIVERED: ("done", "ok", N_("Delivered")),
    DeliveryState.FAILED: ("error", "error", N_("Failed")),
    DeliveryState.UNKNOWN: ("unknown", "warn", N_("Unknown")),
    DeliveryState.CANCELLED: ("none", "muted", N_("Cancelled")),
}
_LEAST_LABEL, _MOST_LABEL = 14, 24
_RECEIPT_FROM = 90
_VALUE = 18


def state_words(state: DeliveryState) -> tuple[str, Token, str]:
    """Returns sign, colour and word of a state."""
    name, token, word = _STATES[state]
    return sign(name), token, _(word)


def delivery_items(deliveries: Sequence[Delivery], labels: Mapping[str, str], now: datetime) -> BuildItems:
    """Returns the builder of the list. `labels` are by integration; `now` is in the user's time zone."""

    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        longest = max((len(labels.get(delivery.integration_id, "")) for delivery in deliveries), default=0)
        column = min(max(longest, _LEAST_LABEL), _MOST_LABEL) + 2
        head: list[Line] = [_labels(column, width)]
        items = [
            Item(delivery.id, _row(delivery, labels.get(delivery.integration_id, ""), column, width, now))
            for delivery in deliveries
        ]
        return head[0], items

    return build


def _labels(column: int, width: int) -> Line:
    puts = [
        left(0, _("Integration"), "muted"),
        left(column, _("State"), "muted"),
        right(column + 21, _("Attempts"), "muted"),
        left(column + 23, _("Last attempt"), "muted"),
    ]
    if width >= _RECEIPT_FROM:
        puts.append(left(column + 42, _("Receipt"), "muted"))
    return tuple(puts)


def _row(delivery: Delivery, label: str, column: int, width: int, now: datetime) -> Line:
    mark, token, word = state_words(delivery.state)
    last = delivery.log[0].started_at if delivery.log else None
    puts = [
        fitted(0, column - 2, label or sign("none")),
        left(column, f"{mark} {word}", token, bold=token in ("error", "warn")),
        right(column + 21, str(delivery.attempts)),
        left(column + 23, local_moment(last, now), "muted"),
    ]
    if width >= _RECEIPT_FROM:
        puts.append(fitted(column + 42, width, _arrival(delivery) or sign("none"), "muted"))
    return tuple(puts)


def _arrival(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.DELIVERED and delivery.reason:
        return sentence_of(delivery.reason)
    return delivery.receipt or ""


def delivery_details(delivery: Delivery, label: str, now: datetime, width: int) -> list[Line]:
    """Returns the lines on one delivery, for the part below the list."""
    _mark, token, word = state_words(delivery.state)
    lines: list[Line] = [
        (
            left(0, cut(shown(label), 40), "strong", bold=True),
            left(len(cut(shown(label), 40)) + 2, word.lower(), token, bold=token == "error"),
        )
    ]
    for heading, text in _facts(delivery, now):
        lines += labelled(heading, _VALUE, width, text)
    if delivery.log:
        lines += [BLANK, *_attempts(delivery.log, width)]
    return lines


def _facts(delivery: Delivery, now: datetime) -> Iterator[tuple[str, str]]:
    if delivery.reason:
        yield _("What happened"), sentence_of(delivery.reason)
    if delivery.state is DeliveryState.UNKNOWN and delivery.check_at is None:
        yield _("What to do"), _("Look at the receiver's, then say with . whether it is there.")
    elif remedy := remedy_of_delivery(delivery):
        yield _("What to do"), remedy
    if delivery.check_at is not None:
        yield _("Next attempt"), _("It is looked up by itself at {at}.").format(at=local_moment(delivery.check_at, now))
    elif delivery.state is DeliveryState.QUEUED and delivery.due_at is not None and delivery.due_at > now:
        yield _("Next attempt"), _("By itself at {at}.").format(at=local_moment(delivery.due_at, now))
    if delivery.sent_as:
        yield _("Sent as"), delivery.sent_as
    elif delivery.log and delivery.log[0].destination:
        yield _("Destination"), delivery.log[0].destination
    if delivery.receipt and delivery.receipt != delivery.sent_as:
        yield _("Receipt"), delivery.receipt


def _attempts(log: Sequence[Attempt], width: int) -> Iterator[Line]:
    yield (
        left(0, _("Attempt"), "muted"),
        left(20, _("Took"), "muted"),
        left(29, _("Started by"), "muted"),
        left(42, _("Answer"), "muted"),
    )
    for attempt, before in zip(log, (*log[1:], None), strict=True):
        answer = paragraph(42, width, attempt.receipt or sentence_of(attempt.reason) or _outcome(attempt))
        yield (
            left(0, moment(attempt.started_at.astimezone(), date.min)),
            left(20, _took(attempt), "muted"),
            fitted(29, 41, _started_by(attempt, before), "muted"),
            *answer[0],
        )
        yield from answer[1:]
        if attempt.settings_version != log[0].settings_version:
            yield from paragraph(42, width, _with_other_settings(attempt), "muted")


def _started_by(attempt: Attempt, before: Attempt | None) -> str:
    """Returns who started an attempt. After one that ended back in the queue, the next is a retry."""
    if attempt.look_up:
        return _("look-up")
    if before is not None and before.outcome == DeliveryState.QUEUED:
        return _("retry")
    return _("you") if attempt.asked_by else _("by itself")


def _with_other_settings(attempt: Attempt) -> str:
    """Returns the settings version and destination of an attempt made with earlier settings."""
    version = str(attempt.settings_version or sign("none"))
    if not attempt.destination:
        return _("With earlier settings ({version}).").format(version=version)
    words = _("With earlier settings ({version}): {destination}")
    return words.format(version=version, destination=attempt.destination)


def _outcome(attempt: Attempt) -> str:
    if attempt.outcome is None:
        return _("under way")
    try:
        return state_words(DeliveryState(attempt.outcome))[2]
    except ValueError:
        return attempt.outcome.replace("_", " ").lower()


def _took(attempt: Attempt) -> str:
    if attempt.ended_at is None:
        return sign("none")
    seconds = (attempt.ended_at - attempt.started_at).total_seconds()
    return f"{decimal(f'{max(seconds, 0):.1f}')} s"


def local_moment(at: datetime | None, now: datetime) -> str:
    return moment(at.astimezone(now.tzinfo), now.date()) if at is not None else sign("none")
