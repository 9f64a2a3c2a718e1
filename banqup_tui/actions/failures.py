"""Actions on the failures of the firm, grouped by cause: open, send again, dismiss, export."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import EVERYWHERE, Destination, Place
from banqup_tui.actions.prompts import ConfirmQuestion, Notice
from banqup_tui.actions.submission import submit
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.failures import Failing, FailureGroup, Retry, retry_of
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _, ngettext, own_text
from banqup_tui.protocol.commands import CommandBody, Copy, Dismiss, Resend, ResumeIntegration, Send

T = TypeVar("T")

MOST_IN_ONE_COMMAND = 500
_BY_CAUSE = frozenset({Place.FAILURES})


class GoToFailuresAction(Action):
    id = "to-look-at"
    keys = ("f",)
    places = EVERYWHERE - {Place.FAILURES}
    rank = 33

    def name(self) -> str:
        return _("Failures")

    def help(self) -> str:
        return _("Shows what failed, or may have failed, of all clients, by what was the cause.")

    def availability(self, context: Context) -> Message | None:
        return None if context.any_failed else Message("action.nothing-failed")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=Place.FAILURES))


class OpenFailuresAction(Action):
    id = "open-failures"
    keys = ("enter",)
    places = _BY_CAUSE
    menu = 1
    rank = 1

    def name(self) -> str:
        return _("Open")

    def help(self) -> str:
        return _("Shows the documents that failed for this cause.")

    def availability(self, context: Context) -> Message | None:
        return _nothing_here(context)

    async def run(self, context: Context) -> None:
        if context.failures is not None:
            context.ask.go(Destination(place=Place.FAILED, failures=context.failures.key))


class RetryFailuresAction(Action):
    id = "retry-failures"
    keys = ("r",)
    places = _BY_CAUSE
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Send all again…")

    def help(self) -> str:
        return _("Sends all that failed for this cause once more, and mends integrations that had stopped for it.")

    def short(self, context: Context) -> str:
        return _("Send all again")

    def availability(self, context: Context) -> Message | None:
        return _nothing_here(context)

    def note(self, context: Context) -> str | None:
        if context.failures is not None and context.failures.state is DeliveryState.UNKNOWN:
            return _("They may have arrived: each may then be there twice")
        return None

    async def run(self, context: Context) -> None:
        group = context.failures
        if group is None:
            return
        plan = retry_of(context.failing(), {integration.id: integration for integration in context.integrations})
        if not plan.count:
            context.ask.notify(Notice(text=_("Their integrations are paused or removed: resume them first.")))
            return
        words = ngettext("Send {count} delivery", "Send {count} deliveries", plan.count)
        question = ConfirmQuestion(
            title=_heading(group),
            lines=_lines_of(group, plan),
            button=words.format(count=count(plan.count)),
            dangerous=bool(plan.copies),
        )
        if await context.ask.confirm(question):
            words = ngettext("{count} delivery queued again.", "{count} deliveries queued again.", plan.count)
            submit(context, commands_of(plan), words.format(count=count(plan.count)))


class DismissFailuresAction(Action):
    id = "dismiss-failures"
    keys = ("x",)
    places = _BY_CAUSE
    menu = 2
    rank = 15

    def name(self) -> str:
        return _("Dismiss all…")

    def help(self) -> str:
        return _("Lets all failures of this cause be: their documents are no longer in error. Nothing is sent.")

    def short(self, context: Context) -> str:
        return _("Dismiss all")

    def availability(self, context: Context) -> Message | None:
        return _nothing_here(context)

    async def run(self, context: Context) -> None:
        group = context.failures
        if group is None:
            return
        failing = context.failing()
        number = len(failing)
        words = ngettext("Dismiss {count} delivery", "Dismiss {count} deliveries", number).format(count=count(number))
        lines = [*_cause_lines(group), _("Their documents are no longer in error. Nothing is sent.")]
        if await context.ask.confirm(ConfirmQuestion(title=_heading(group), lines=lines, button=words)):
            done = ngettext("{count} delivery dismissed.", "{count} deliveries dismissed.", number)
            submit(context, dismissals_of(failing), done.format(count=count(number)))


class ExportFailuresAction(Action):
    id = "export-failures"
    keys = ("e",)
    places = _BY_CAUSE
    menu = 1
    rank = 25

    def name(self) -> str:
        return _("Export…")

    def help(self) -> str:
        return _("Writes all failures of this cause to a file that a spreadsheet opens: one row for each delivery.")

    def availability(self, context: Context) -> Message | None:
        return _nothing_here(context)

    async def run(self, context: Context) -> None:
        from banqup_tui.actions.csv_export import save_failures

        directory = await context.ask.where_to(_("Export to"), context.download_to)
        if directory is None or context.failures is None:
            return
        failing = context.failing()
        path = await asyncio.to_thread(save_failures, context, failing, directory.expanduser())
        words = ngettext("{count} row saved as {path}", "{count} rows saved as {path}", len(failing))
        context.ask.notify(Notice(text=words.format(count=count(len(failing)), path=path)))


def commands_of(plan: Retry) -> Iterator[CommandBody]:
    """Yields the commands of a retry: paused integrations are resumed before their documents are sent."""
    for integration_id in plan.resumed:
        yield ResumeIntegration(integration_id=integration_id)
    for one_round in plan.rounds:
        for part in in_batches(one_round, MOST_IN_ONE_COMMAND):
            documents = tuple(dict.fromkeys(failure.document_id for failure in part))
            yield Send(
                document_ids=documents, integration_ids=tuple(sorted({failure.integration_id for failure in part}))
            )
    for part in in_batches(plan.copies, MOST_IN_ONE_COMMAND):
        yield Resend(
            copies=tuple(Copy(delivery_id=failure.delivery_id, generation=failure.generation) for failure in part)
        )


def dismissals_of(failing: Sequence[Failing]) -> Iterator[CommandBody]:
    for part in in_batches(failing, MOST_IN_ONE_COMMAND):
        yield Dismiss(delivery_ids=tuple(failure.delivery_id for failure in part))


def title_of(extension_id: str, context: Context) -> str:
    """Returns the extension's title; its id if the store no longer has it."""

    extension = context.extensions.get(extension_id)
    return clean(own_text(extension.title)) if extension else extension_id


def _heading(group: FailureGroup) -> str:
    words = ngettext("{count} delivery of {clients}", "{count} deliveries of {clients}", group.count)
    clients = ngettext("{count} client", "{count} clients", group.clients).format(count=count(group.clients))
    return words.format(count=count(group.count), clients=clients)


def _cause_lines(group: FailureGroup) -> list[str]:
    return [sentence_of(group.message)] if group.message else []


def _lines_of(group: FailureGroup, plan: Retry) -> list[str]:
    lines = _cause_lines(group)
    if plan.copies:
        lines.append(_("They may have arrived: each may then be there twice."))
    if plan.resumed:
        number = len(plan.resumed)
        words = ngettext("{count} integration goes on.", "{count} integrations go on.", number)
        lines.append(words.format(count=count(number)))
    if plan.left_out:
        words = ngettext(
            "{count} is left out: its integration is paused or removed.",
            "{count} are left out: their integrations are paused or removed.",
            plan.left_out,
        )
        lines.append(words.format(count=count(plan.left_out)))
    return lines


def _nothing_here(context: Context) -> Message | None:
    return None if context.failures is not None else Message("action.nothing-failed")
