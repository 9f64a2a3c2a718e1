"""Sends documents to the integrations of their client, or sends them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.decide_duplicate import question_about_undecided
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import TickAnswer, TickList, TickRow, TickSummary
from banqup_tui.actions.sentences import (
    at_time,
    heading_of,
    joined_names,
    name_of,
    names_of,
    queued_sentence,
    since_time,
)
from banqup_tui.actions.submission import submit
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.send_plan import Obstacle, Route, SendEffect, SendPlan, SendRow, SendSelection, planned
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count, cut_middle
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import CommandBody, Copy, DecideDuplicate, Resend, Send

T = TypeVar("T")

MOST_IN_ONE_COMMAND = 500
"""The most documents or copies in a command: a hundred commands then stay far below the wire's limit."""


class SendToIntegrationsAction(Action):
    id = "send"
    keys = ("r",)
    places = OF_DOCUMENTS
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Send or resend to integrations…")

    def in_help(self) -> str:
        return _("Send, resend")

    def help(self) -> str:
        return _("Sends documents to the client's integrations. What an integration has already stays as it is there.")

    def title(self, context: Context) -> str:
        return _("Resend to integrations…") if context.selection.sent_before else _("Send to integrations…")

    def short(self, context: Context) -> str:
        return _("Resend") if context.selection.sent_before else _("Send")

    def availability(self, context: Context) -> Message | None:
        if not context.documents:
            return Message("action.no-document")
        obstacle = context.selection.obstacle
        return reason_of(obstacle) if obstacle else None

    def note(self, context: Context) -> str | None:
        return what_goes_where(context.selection)

    async def run(self, context: Context) -> None:
        undecided = context.document if context.document is not None and context.document.is_undecided else None
        if undecided is not None and not await context.ask.confirm(question_about_undecided(context, undecided)):
            return
        answer = await context.ask.tick(question(context))
        if answer is None:
            return
        chosen = _chosen(context, answer)
        plan = planned_for(chosen, answer)
        if plan.deliveries == 0:
            return
        # To send a held document is to decide about it: the service sends none that is not decided.
        decided = DecideDuplicate(document_id=undecided.id, choice=DuplicateChoice.TWO_DOCUMENTS) if undecided else None
        bodies = [*([decided] if decided else []), *commands_of(plan)]
        submit(context, bodies, queued_sentence(plan.deliveries, names_of(_sent_by(plan, chosen))))


def reason_of(obstacle: Obstacle) -> Message:
    return {
        Obstacle.NO_ACTIVE_INTEGRATION: Message("action.no-active-integration"),
        Obstacle.WAITS_FOR_CLIENT: Message("action.waits-for-approval"),
        Obstacle.QUEUED_ALREADY: Message("action.queued-already"),
        Obstacle.UNDECIDED: Message("action.all-held"),
        Obstacle.REPLACED: Message("action.replaced"),
        Obstacle.WITHDRAWN: Message("action.withdrawn"),
    }[obstacle]


def what_goes_where(chosen: SendSelection) -> str | None:
    """Returns where documents go and where they are, such as `To SFTP and Dropbox; Exact Online has it`."""
    wanted = [row.integration.label for row in chosen.rows if row.wanted]
    present = [row.integration.label for row in chosen.rows if row.delivered == row.documents]
    several = chosen.several
    if wanted and not present:
        return _("To {integrations}").format(integrations=joined_names(wanted))
    if wanted:
        words = ngettext("To {wanted}; {there} has it", "To {wanted}; {there} have it", len(present))
        if several:
            words = ngettext("To {wanted}; {there} has all", "To {wanted}; {there} have all", len(present))
        return words.format(wanted=joined_names(wanted), there=joined_names(present))
    if present:
        words = ngettext("{there} has it", "{there} have it", len(present))
        return words.format(there=joined_names(present))
    return None


def planned_for(chosen: SendSelection, answer: TickAnswer) -> SendPlan:
    return planned(chosen, answer.ids, again=answer.option)


def commands_of(plan: SendPlan) -> Iterator[CommandBody]:
    for group in plan.groups:
        for part in in_batches(group.document_ids, MOST_IN_ONE_COMMAND):
            yield Send(document_ids=tuple(part), integration_ids=group.integration_ids)
    for copies, if_gone in ((plan.copies, False), (plan.copies_if_gone, True)):
        for batch in in_batches(copies, MOST_IN_ONE_COMMAND):
            wanted = tuple(Copy(delivery_id=copy.delivery_id, generation=copy.generation) for copy in batch)
            yield Resend(copies=wanted, if_gone=if_gone)


def question(context: Context) -> TickList:
    """Builds the panel for one document or for several; `domain/send_plan.py` decides what it offers."""
    is_single = context.document is not None
    chosen = context.selection
    every = context.selection_with_processed
    first = summary(chosen, TickAnswer(ids=chosen.wanted))
    return TickList(
        title=first.title,
        subtitle=first.subtitle,
        columns=(_("Integration"), _("What it has"), _("What will be sent")),
        rows=[_row_of_one(row, context) if is_single else _row_of_several(row, chosen) for row in every.rows],
        summary=lambda answer: _with_lines(summary(_chosen(context, answer), answer), _stopped(context)),
        option=_("Send again also what is there: it may be there twice")
        if not is_single or _can_be_asked(chosen)
        else None,
        processed=_also_processed(len(chosen.left_out)) if chosen.left_out else None,
    )


def _chosen(context: Context, answer: TickAnswer) -> SendSelection:
    return context.selection_with_processed if answer.processed else context.selection


def _sent_by(plan: SendPlan, chosen: SendSelection) -> list[Document]:
    return [document for document in chosen.documents if document.id in plan.document_ids]


def _also_processed(number: int) -> str:
    words = ngettext("Send also the one marked as processed", "Send also the {count} marked as processed", number)
    return words.format(count=count(number))


def _stopped(context: Context) -> tuple[str, ...]:
    """Returns a line for paused and for broken integrations, where the user would look for their rows."""
    clients = {document.client_id for document in context.documents}
    stopped = [integration for integration in context.integrations if integration.client_id in clients]
    broken = [clean(integration.label) for integration in stopped if integration.state is IntegrationState.BROKEN]
    paused = [clean(integration.label) for integration in stopped if integration.state is IntegrationState.PAUSED]
    lines = []
    if broken:
        words = ngettext(
            "{integrations} needs attention: what failed there is sent again once it is mended.",
            "{integrations} need attention: what failed there is sent again once they are mended.",
            len(broken),
        )
        lines.append(words.format(integrations=joined_names(broken)))
    if paused:
        words = ngettext("{integrations} is paused.", "{integrations} are paused.", len(paused))
        lines.append(words.format(integrations=joined_names(paused)))
    return tuple(lines)


def _with_lines(summary: TickSummary, lines: tuple[str, ...]) -> TickSummary:
    return msgspec.structs.replace(summary, lines=(*summary.lines, *lines)) if lines else summary


def _can_be_asked(chosen: SendSelection) -> bool:
    """Returns whether the receiver can be asked first, so that another copy is a choice of its own."""
    return any(route.if_gone for row in chosen.rows for route in row.routes)


def _title(chosen: SendSelection, number: int) -> str:
    again = chosen.sent_before
    if not chosen.several:
        return _("Resend to integrations") if again else _("Send to integrations")
    if again:
        words = ngettext("Resend {count} document to integrations", "Resend {count} documents to integrations", number)
    else:
        words = ngettext("Send {count} document to integrations", "Send {count} documents to integrations", number)
    return words.format(count=count(number))


def _row_of_one(row: SendRow, context: Context) -> TickRow:
    route = row.routes[0]
    note, warning = _note_of(route)
    return TickRow(
        id=row.integration.id,
        label=clean(row.integration.label),
        has=_("Nothing: moved since") if route.elsewhere else _has(route.delivery, context),
        state=route.delivery.state if route.delivery and not route.elsewhere else None,
        ticked=route.wanted or (route.if_gone and not context.selection.wanted),
        possible=route.possible,
        note=note,
        warning=warning,
    )


def _has(delivery: Delivery | None, context: Context) -> str:
    if delivery is None or delivery.state is DeliveryState.CANCELLED:
        return _("Nothing")
    at = at_time(delivery.updated_at, context.now)
    if delivery.is_open:
        return _("On its way")
    if delivery.state is DeliveryState.FAILED:
        return _("Nothing: failed {at}").format(at=at).rstrip()
    if delivery.state is DeliveryState.UNKNOWN:
        return _("Perhaps: cut off {at}").format(at=at).rstrip()
    since = since_time(delivery.updated_at, context.now)
    return _("The same, {since}").format(since=since).rstrip(", ")


def _note_of(route: Route) -> tuple[str, bool]:
    label = clean(route.integration.label)
    if route.delivery is None or not route.possible:
        return "", False
    if route.elsewhere:
        words = _("{integration} has another destination since this was sent: the new one does not have it.")
        return words.format(integration=label), False
    if route.if_gone:
        return _("{integration} is asked first, so nothing is doubled there.").format(integration=label), False
    if route.delivery.state is DeliveryState.DELIVERED:
        receipt = clean(route.delivery.receipt or "")
        if receipt:
            words = _("{integration} has it: {receipt}. If ticked, it will be there twice.")
            return words.format(integration=label, receipt=cut_middle(receipt, 32)), True
        return _("{integration} has it. If ticked, it will be there twice.").format(integration=label), True
    if route.delivery.state is DeliveryState.UNKNOWN:
        words = _("It may have arrived: look in {integration}. If ticked, it may be there twice.")
        return words.format(integration=label), True
    return "", False


def _row_of_several(row: SendRow, chosen: SendSelection) -> TickRow:
    has, state = _has_of_several(row)
    return TickRow(
        id=row.integration.id,
        label=clean(row.integration.label),
        has=has,
        state=state,
        ticked=row.integration.id in chosen.wanted,
        possible=row.possible,
    )


def _has_of_several(row: SendRow) -> tuple[str, DeliveryState | None]:
    return _("{part} of {whole}").format(part=count(row.delivered), whole=count(row.documents)), _state_of(row)


def _state_of(row: SendRow) -> DeliveryState | None:
    """Returns the state whose sign stands before the count: the worst that needs attention, else the most advanced."""
    if row.failed:
        return DeliveryState.FAILED
    if row.unknown:
        return DeliveryState.UNKNOWN
    if row.delivered:
        return DeliveryState.DELIVERED
    return DeliveryState.QUEUED if row.under_way else None


def summary(chosen: SendSelection, answer: TickAnswer) -> TickSummary:
    """Describes what the present ticks would send. Before anything is ticked, it describes what could be sent."""
    plan = planned_for(chosen, answer)
    documents = (
        _sent_by(plan, chosen) or chosen.documents or [offer.document for offer in (*chosen.offers, *chosen.left_out)]
    )
    shown = TickSummary(
        title=_title(chosen, len(documents)),
        subtitle=heading_of(documents),
        effects={row.integration.id: _effect(row, answer, not chosen.several) for row in chosen.rows},
        lines=(),
        button="",
        wanted=chosen.wanted,
    )
    if not chosen.several:
        button = _button_of_one(len(plan.integration_ids)) if plan.deliveries else ""
        return msgspec.structs.replace(shown, button=button)
    return msgspec.structs.replace(
        shown,
        has={row.integration.id: _has_of_several(row) for row in chosen.rows},
        lines=tuple(filter(None, _lines_of_several(chosen, plan, answer))),
        button=_button_of_several(plan.deliveries),
    )


def _lines_of_several(chosen: SendSelection, plan: SendPlan, answer: TickAnswer) -> Iterator[str]:
    yield _how_many(plan, answer)
    yield _went_elsewhere(sum(row.elsewhere for row in chosen.rows if row.integration.id in answer.ids))
    yield _left_out(chosen)
    yield _processed_left_out(chosen)
    yield _undecided_left_out(chosen.undecided)


def _went_elsewhere(number: int) -> str:
    if not number:
        return ""
    words = ngettext(
        "{count} of them went to an earlier destination: the present one does not have it.",
        "{count} of them went to an earlier destination: the present one does not have them.",
        number,
    )
    return words.format(count=count(number))


def _how_many(plan: SendPlan, answer: TickAnswer) -> str:
    if plan.deliveries == 0:
        return ""
    words = ngettext("{count} delivery.", "{count} deliveries.", plan.deliveries).format(count=count(plan.deliveries))
    return words if answer.option else f"{words} {_('What an integration has already stays as it is there.')}"


def _button_of_several(deliveries: int) -> str:
    if deliveries == 0:
        return ""
    words = ngettext("Send {count} delivery", "Send {count} deliveries", deliveries)
    return words.format(count=count(deliveries))


def _processed_left_out(chosen: SendSelection) -> str:
    number = len(chosen.left_out)
    if not number:
        return ""
    words = ngettext(
        "Not sent: {count} document marked as processed.", "Not sent: {count} documents marked as processed.", number
    )
    return words.format(count=count(number))


def _undecided_left_out(number: int) -> str:
    if not number:
        return ""
    words = ngettext(
        "Not sent: {count} document held as a duplicate. Decide about it first.",
        "Not sent: {count} documents held as duplicates. Decide about each first.",
        number,
    )
    return words.format(count=count(number))


def _button_of_one(integrations: int) -> str:
    words = ngettext("Send to {count} integration", "Send to {count} integrations", integrations)
    return words.format(count=count(integrations))


def _effect(row: SendRow, answer: TickAnswer, is_single: bool) -> str:
    if row.integration.id not in answer.ids:
        return _("Nothing")
    if is_single:
        return _effect_of_one(row.routes[0], answer.option)
    again = row.again if answer.option else 0
    parts = []
    if row.first_time:
        parts.append(_("{count} for the first time").format(count=count(row.first_time)))
    if row.asked_first:
        parts.append(_("{count} only if not there").format(count=count(row.asked_first)))
    if again:
        parts.append(_("{count} again").format(count=count(again)))
    return ", ".join(parts) or _("Nothing")


def _effect_of_one(route: Route, again: bool) -> str:
    if route.if_gone and not again:
        return _("Only if not there")
    if route.effect is SendEffect.SEND:
        return _("The document")
    return _("Another copy") if route.possible else _("Nothing")


def _left_out(chosen: SendSelection) -> str:
    """Returns a line on documents that cannot be sent now, with the commonest reason."""
    obstacles = [offer.obstacle for offer in chosen.offers if offer.obstacle is not None]
    if not obstacles:
        return ""
    commonest = max(set(obstacles), key=obstacles.count)
    reason = sentence_of(reason_of(commonest))
    if len(obstacles) == 1:
        document = next(offer.document for offer in chosen.offers if offer.obstacle)
        return _("Not sent: {document}. {reason}").format(document=name_of(document), reason=reason)
    words = ngettext("Not sent: {count} document. {reason}", "Not sent: {count} documents. {reason}", len(obstacles))
    return words.format(count=count(len(obstacles)), reason=reason)
