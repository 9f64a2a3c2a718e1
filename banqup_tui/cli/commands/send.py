"""`banqup send`: the same action as in the terminal, ticked by options."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import click

from banqup_tui.actions.places import Place
from banqup_tui.actions.send_to_integrations import SendToIntegrationsAction
from banqup_tui.cli import exit_codes
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report, say_unavailable
from banqup_tui.cli.ask import CommandLineAsk
from banqup_tui.cli.command_runner import as_json, context_for, in_runtime, pass_tools
from banqup_tui.cli.commands.deliveries import documents_named, print_deliveries
from banqup_tui.cli.commands.documents import folder_option
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, Tools, client_named
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.send_plan import Obstacle, SendSelection
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import remedy_of_delivery, sentence_of
from banqup_tui.presentation.words import N_, _, ngettext


@click.command()
@click.option("--id", "document_ids", multiple=True, help=N_("A document; may be given several times."))
@click.option("--client", "reference", help=N_("All documents of a client: reference, VAT number, name or id."))
@folder_option
@click.option("--again", is_flag=True, help=N_("Send again also what is there: it may be there twice."))
@click.option("--processed", is_flag=True, help=N_("Of several documents, also those marked as processed."))
@click.option("--yes", is_flag=True, help=N_("Do not ask before a document is sent that is held as a duplicate."))
@click.option("--wait", is_flag=True, help=N_("Wait until every delivery has settled."))
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=600, show_default=True, help=N_("Longest wait, seconds.")
)
@as_json
@pass_tools
def command(
    tools: Tools,
    document_ids: tuple[str, ...],
    reference: str | None,
    folder: str | None,
    again: bool,
    processed: bool,
    yes: bool,
    wait: bool,
    timeout: float,
    json: bool,
) -> int:
    """Send documents to the integrations of their client, or send them again.

    Ends with 0 if nothing failed, and with --wait only if all was delivered; 1 if something was refused or failed;
    75 if it is still under way.
    """
    if bool(document_ids) == bool(reference) or (folder and not reference):
        raise click.UsageError(_("Say what to send: --id ID, or --client REF with or without --folder FOLDER."))

    async def work(runtime: CliRuntime) -> int:
        documents = _chosen(runtime, document_ids, reference, folder)
        code, keys, ids = await _send(runtime, documents, again=again, processed=processed, sure=yes)
        until = time.monotonic() + timeout
        if keys:
            code = await _answered(runtime, keys, min(SECONDS_TO_ANSWER, timeout))
        if wait and code != exit_codes.FAILED:
            code = await wait_until_settled(runtime, ids, until, time.monotonic)
        if json:
            print_deliveries(runtime, runtime.deliveries(ids), json=True)
        return code

    return in_runtime(tools, work)


def _chosen(runtime: CliRuntime, ids: Sequence[str], reference: str | None, folder: str | None) -> list[Document]:
    if reference is None:
        return documents_named(runtime, ids)
    client = client_named(runtime, reference)
    return list(runtime.documents(client_id=client.id, folder=Folder(folder.upper()) if folder else None))


async def _send(
    runtime: CliRuntime, documents: Sequence[Document], *, again: bool, processed: bool, sure: bool
) -> tuple[int, tuple[str, ...], list[str]]:
    """Returns exit code, keys of the commands, and ids of the documents that they are about."""
    if not documents:
        say(_("There are no documents there."))
        return exit_codes.OK, (), []
    clients = {document.client_id for document in documents}
    ask = CommandLineAsk(again=again, processed=processed, sure=sure)
    context = context_for(
        runtime,
        ask,
        Place.FOLDER,
        documents=documents,
        deliveries=list(runtime.deliveries([document.id for document in documents])),
        integrations=[integration for integration in runtime.integrations() if integration.client_id in clients],
    )
    action = SendToIntegrationsAction()
    left_out = set() if processed else {offer.document.id for offer in context.selection.left_out}
    ids = [document.id for document in documents if document.id not in left_out]
    reason = action.availability(context)
    if reason is not None:
        say_unavailable(reason)
        return _code_of(context.selection), (), ids
    await action.run(context)
    keys = tuple(key for message in ask.messages for key in message.undo_keys)
    if left_out:
        say(_("--processed sends also what is marked as processed."))
    elif not keys and context.document is not None and context.document.is_undecided:
        say(_("Not sent: it is held. banqup duplicates decide says what it is."))
    elif not keys:
        say(_nothing_to_send(context.selection_with_processed if processed else context.selection))
    return exit_codes.OK, keys, ids


def _nothing_to_send(chosen: SendSelection) -> str:
    """Returns a sentence that says everything is there only if the ledger says so for every delivery."""
    arrived, under_way = sum(row.delivered for row in chosen.rows), sum(row.under_way for row in chosen.rows)
    perhaps = sum(row.unknown for row in chosen.rows)
    if not under_way and not perhaps:
        return _("Nothing to send: everything is there. --again sends another copy.")
    counts = (
        (arrived, ngettext("{n} delivered", "{n} delivered", arrived)),
        (under_way, ngettext("{n} under way", "{n} under way", under_way)),
        (
            perhaps,
            ngettext(
                "{n} may have arrived: look at the receiver's", "{n} may have arrived: look at the receiver's", perhaps
            ),
        ),
    )
    parts = ", ".join(words.format(n=count(number)) for number, words in counts if number)
    return _("Nothing to send: {parts}.").format(parts=parts)


def _code_of(selection: SendSelection) -> int:
    """Returns the exit code. If everything is queued already, that is no failure."""
    return exit_codes.OK if selection.obstacle is Obstacle.QUEUED_ALREADY else exit_codes.FAILED


async def _answered(runtime: CliRuntime, keys: Sequence[str], seconds: float) -> int:
    answers = await runtime.answers(keys, seconds)
    code = report(runtime, answers)
    if code == exit_codes.OK:
        say(_sum(answers))
    return code


def _sum(answers: Sequence[CommandAnswer]) -> str:
    results = [answer.result for answer in answers if isinstance(answer.result, dict)]
    queued = sum(int(result.get("queued", 0)) for result in results)
    unchanged = sum(int(result.get("unchanged", 0)) for result in results)
    first = ngettext("{n} queued", "{n} queued", queued).format(n=count(queued))
    second = ngettext("{n} left as it is", "{n} left as they are", unchanged).format(n=count(unchanged))
    return f"{first}, {second}."


async def wait_until_settled(runtime: CliRuntime, ids: Sequence[str], until: float, clock: Callable[[], float]) -> int:
    """Waits until no delivery of the documents is open, and returns whether all were delivered as exit code."""
    report: tuple[int, int] | None = None
    while True:
        deliveries = list(runtime.deliveries(ids))
        still = [delivery for delivery in deliveries if delivery.is_open]
        delivered = sum(delivery.state is DeliveryState.DELIVERED for delivery in deliveries)
        if (delivered, len(still)) != report:
            report = (delivered, len(still))
            say(
                _("{delivered} of {count} delivered, {count2} under way.").format(
                    delivered=delivered, count=len(deliveries), count2=len(still)
                )
            )
        if not still and not runtime.waiting():
            return _failures_of(deliveries)
        left = until - clock()
        if left <= 0:
            say(_("Still under way. It goes on by itself; banqup deliveries shows it."))
            return exit_codes.STILL_UNDER_WAY
        await runtime.changed(min(left, 5.0))


def _failures_of(deliveries: Sequence[Delivery]) -> int:
    missing = [delivery for delivery in deliveries if delivery.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)]
    reasons = Counter(
        f"{sentence_of(delivery.reason) or delivery.state.value} {remedy_of_delivery(delivery)}" for delivery in missing
    )
    for reason, number in reasons.most_common():
        say(_("{number} not delivered: {reason}").format(number=number, reason=reason))
    return exit_codes.FAILED if missing else exit_codes.OK
