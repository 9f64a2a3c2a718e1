"""Decides about a document that is held because it is the same as an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS, Destination, Place
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, ConfirmQuestion
from banqup_tui.actions.sentences import at_time, joined_names, name_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.duplicates import DuplicateChoice, compared, is_structured
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.duplicates import FIELD_NAMES, same_as, same_words, title_with_date, value_of
from banqup_tui.presentation.formats import count, cut_middle
from banqup_tui.presentation.widths import width_of
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import DecideDuplicate

_SHOW_THIS, _SHOW_EARLIER = "this", "earlier"
_LABEL, _VALUE = 16, 25
"""The cells of the two documents side by side: on 80 columns a panel has 70 for them."""


class OpenDuplicatesAction(Action):
    id = "duplicates"
    keys = ("equals_sign",)
    places = frozenset({Place.CLIENT_DOCUMENTS})
    rank = 41

    def name(self) -> str:
        return _("Duplicates")

    def help(self) -> str:
        return _("Shows the documents of all clients that are held because an earlier one is the same.")

    def short(self, context: Context) -> str:
        return _("Duplicates ({count})").format(count=count(context.undecided))

    def availability(self, context: Context) -> Message | None:
        return None if context.undecided else Message("action.nothing-held")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=Place.DUPLICATES))


class DecideDuplicateAction(Action):
    id = "decide-duplicate"
    keys = ("equals_sign",)
    places = OF_DOCUMENTS
    menu = 0
    rank = 11

    def name(self) -> str:
        return _("Decide about a duplicate…")

    def in_help(self) -> str:
        return _("Decide about a duplicate")

    def help(self) -> str:
        return _(
            "For a document that is held because an earlier one is the same: says whether it is one document, a newer"
            " version, or another document. Nothing of it is sent before."
        )

    def title(self, context: Context) -> str:
        return _("Decide…")

    def shows_in_footer(self, context: Context) -> bool:
        return self.availability(context) is None

    def in_menu(self, context: Context) -> bool:
        return self.availability(context) is None

    def availability(self, context: Context) -> Message | None:
        if context.document is None:
            return Message("action.several-documents" if context.documents else "action.no-document")
        if context.document.is_withdrawn:
            return Message("action.withdrawn")
        return None if context.document.is_undecided else Message("action.not-held")

    def note(self, context: Context) -> str | None:
        document = context.document
        if document is None:
            return None
        return _("Held: {same_as}").format(same_as=same_as(_earlier(context, document)))

    async def run(self, context: Context) -> None:
        document = context.document
        if document is None:
            return
        earlier = _earlier(context, document)
        answer = await context.ask.choose(question(context, document, earlier))
        if answer in (_SHOW_THIS, _SHOW_EARLIER):
            shown = earlier if answer == _SHOW_EARLIER and earlier is not None else document
            place = Destination(place=Place.DOCUMENT, client_id=shown.client_id, document_id=shown.id)
            context.ask.go(place)
        elif answer is not None:
            choice = DuplicateChoice(answer)
            body = DecideDuplicate(document_id=document.id, choice=choice)
            submit(context, [body], _done(context, document, earlier, choice))


def question(context: Context, document: Document, earlier: Document | None) -> ChoiceQuestion:
    """Builds the panel: both documents side by side where they differ, and what each choice does."""
    name = name_of(document)
    choices = [
        Choice(
            id=DuplicateChoice.ONE_DOCUMENT,
            key="1",
            label=_("One document: one copy is withdrawn"),
            note=_which_copy(context, document, earlier),
        ),
        Choice(
            id=DuplicateChoice.NEWER_VERSION,
            key="2",
            label=_("A newer version: this one is sent, the earlier one is replaced"),
            note=_what_stays(context, earlier),
        ),
        Choice(
            id=DuplicateChoice.TWO_DOCUMENTS,
            key="3",
            label=_("Two documents: this one is sent as well"),
            note=_("Both count from then on."),
        ),
        Choice(id=_SHOW_THIS, key="o", label=_("Open this one")),
    ]
    if earlier is not None:
        choices.append(Choice(id=_SHOW_EARLIER, key="e", label=_("Open the earlier one")))
    title = _("{number} is held: {same_as}").format(number=name, same_as=same_as(earlier))
    return ChoiceQuestion(title=title, lines=_lines(context, document, earlier), choices=choices)


def question_about_undecided(context: Context, document: Document) -> ConfirmQuestion:
    """Builds the question before a held document is sent by hand, which decides that it is another document."""
    earlier = _earlier(context, document)
    title = _("{number} is held: {same_as}").format(number=name_of(document), same_as=same_as(earlier))
    lines = where_it_is(context, earlier) if earlier is not None else []
    lines.append(_("If it is sent, both count as two documents from then on."))
    return ConfirmQuestion(title=title, lines=lines, button=_("Send it as another document"), dangerous=True)


def _lines(context: Context, document: Document, earlier: Document | None) -> Sequence[str]:
    if earlier is None:
        return ()
    result = compared(document, earlier)
    lines = [_line("", _("This one"), _("The earlier one"))]
    for name in result.different:
        lines.append(_line(_(FIELD_NAMES[name]), value_of(document, name), value_of(earlier, name)))
    lines.append(_("The same: {fields}.").format(fields=same_words(result)))
    if earlier.is_withdrawn:
        lines.append(_("The earlier one is withdrawn."))
    return [*lines, *where_it_is(context, earlier)]


def _line(label: str, one: str, other: str) -> str:
    cells = ((label, _LABEL), (one, _VALUE), (other, _VALUE))
    padded = (cut_middle(text, width) + " " * (width - width_of(cut_middle(text, width))) for text, width in cells)
    return "  ".join(padded).rstrip()


def where_it_is(context: Context, earlier: Document) -> list[str]:
    """Returns a sentence for each integration that has the earlier document, or may have it: when it got it."""
    lines = []
    for delivery in context.session.deliveries([earlier.id]):
        label = clean(context.label_of(delivery.integration_id))
        at = at_time(delivery.updated_at, context.now)
        if delivery.state is DeliveryState.DELIVERED:
            words = _("The earlier one was delivered to {integration} {at}.")
        elif delivery.state is DeliveryState.UNKNOWN:
            words = _("The earlier one may have arrived at {integration} {at}.")
        elif delivery.is_open:
            words = _("The earlier one is on its way to {integration}.")
        else:
            continue
        lines.append(words.format(integration=label, at=at).replace(" .", "."))
    return lines


def _arrived(context: Context, earlier: Document | None) -> list[Delivery]:
    states = (DeliveryState.DELIVERED, DeliveryState.UNKNOWN)
    deliveries = context.session.deliveries([earlier.id]) if earlier is not None else ()
    return [delivery for delivery in deliveries if delivery.state in states]


def _which_copy(context: Context, document: Document, earlier: Document | None) -> str:
    """Says which copy is withdrawn: this one, unless it has the data, the earlier has not, and was sent nowhere."""
    if earlier is None or is_structured(earlier) or not is_structured(document):
        return _("This one is withdrawn, the earlier one stays.")
    if _arrived(context, earlier):
        return _("This one is withdrawn, though it has the data: the earlier one was sent already.")
    return _("This one has the data and stays; the earlier one, its picture, is withdrawn.")


def _what_stays(context: Context, earlier: Document | None) -> str:
    labels = [context.label_of(delivery.integration_id) for delivery in _arrived(context, earlier)]
    if not labels:
        return _("What is still queued of the earlier one is cancelled.")
    return _("What {integrations} has of the earlier one stays there.").format(integrations=joined_names(labels))


def _done(context: Context, document: Document, earlier: Document | None, choice: DuplicateChoice) -> str:
    name = name_of(document)
    other = title_with_date(earlier) if earlier is not None else name
    words = {
        DuplicateChoice.ONE_DOCUMENT: _("{number} is one document with {other}: a copy is withdrawn."),
        DuplicateChoice.NEWER_VERSION: _("{number} is the newer version of {other}, and is sent."),
        DuplicateChoice.TWO_DOCUMENTS: _("{number} is another document than {other}, and is sent."),
    }[choice]
    return words.format(number=name, other=other)


def _earlier(context: Context, document: Document) -> Document | None:
    found = context.session.documents([document.same_as]) if document.same_as else ()
    return found[0] if found else None
