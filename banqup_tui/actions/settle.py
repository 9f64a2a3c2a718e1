"""Records what the user saw at the receiver of a delivery that was interrupted."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Choice, ChoiceQuestion
from banqup_tui.actions.sentences import name_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import CommandBody, Copy, Resend, Settle


class SettleDeliveryAction(Action):
    id = "settle"
    places = frozenset({Place.DOCUMENT, Place.FOLDER, Place.FAILED})
    menu = 2
    rank = 12
    in_footer = False

    def name(self) -> str:
        return _("Say whether it arrived…")

    def help(self) -> str:
        return _("For a delivery that was cut off and may have arrived: say what you saw at the receiver.")

    def in_menu(self, context: Context) -> bool:
        return _unknown(context) is not None

    def availability(self, context: Context) -> Message | None:
        delivery = _unknown(context)
        if delivery is None:
            return Message("action.nothing-unknown")
        return Message("action.looked-up") if delivery.is_checked_by_program else None

    def note(self, context: Context) -> str | None:
        delivery = _unknown(context)
        if delivery is None:
            return None
        return _("It may have arrived: look in {integration}").format(
            integration=clean(context.label_of(delivery.integration_id))
        )

    async def run(self, context: Context) -> None:
        delivery = _unknown(context)
        if delivery is None:
            return
        choices = [
            Choice(id="there", label=_("It is there")),
            Choice(id="not-there", label=_("It is not there")),
            Choice(id="again", label=_("Send another copy"), note=_("It may be there twice")),
        ]
        title = clean(context.label_of(delivery.integration_id))
        answer = await context.ask.choose(ChoiceQuestion(title=title, choices=choices, hint=self.note(context) or ""))
        if answer is None:
            return
        command = _command(delivery, answer)
        text = _sentence(answer).format(
            what=name_of(context.document) if context.document else title, integration=title
        )
        submit(context, [command], text)


def _unknown(context: Context) -> Delivery | None:
    wanted = [context.delivery] if context.delivery else list(context.deliveries)
    unknown = [delivery for delivery in wanted if delivery.state is DeliveryState.UNKNOWN]
    return unknown[0] if len(unknown) == 1 else None


def _command(delivery: Delivery, answer: str) -> CommandBody:
    if answer == "again":
        return Resend(copies=(Copy(delivery_id=delivery.id, generation=delivery.generation),))
    return Settle(delivery_id=delivery.id, generation=delivery.generation, there=answer == "there")


def _sentence(answer: str) -> str:
    return {
        "there": _("{what} is at {integration}."),
        "not-there": _("{what} is not at {integration}."),
        "again": _("Another copy of {what} queued for {integration}."),
    }[answer]
