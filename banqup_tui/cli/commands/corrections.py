"""`banqup documents withdraw`, `restore`, `move`, `correct`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from banqup_tui.actions.context import Context
from banqup_tui.actions.correct_values import CorrectValuesAction, texts_of, values_in
from banqup_tui.actions.corrections import WithdrawAction, move_of, moved_sentence, where_they_stay
from banqup_tui.actions.places import Place
from banqup_tui.cli import exit_codes
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report, run_action, say_unavailable
from banqup_tui.cli.ask import Answers, CommandLineAsk
from banqup_tui.cli.command_runner import context_for, in_runtime, pass_tools
from banqup_tui.cli.output import confirmed_or_aborted, say
from banqup_tui.cli.runtime import CliRuntime, Tools, client_named
from banqup_tui.domain.document import Document, values_of
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import N_, _

_sure = click.option("--yes", is_flag=True, help=N_("Do not ask, though something was delivered."))
_ids = click.argument("document_ids", metavar="ID…", nargs=-1, required=True)


@click.command()
@_ids
@_sure
@pass_tools
def withdraw(tools: Tools, document_ids: tuple[str, ...], yes: bool) -> int:
    """Take documents out of folders, counts, searches and sends.

    What was delivered stays at the receiver. They are restored by banqup documents restore, and forgotten after 30
    days.
    """

    async def work(runtime: CliRuntime) -> int:
        documents = [one for one in _named(runtime, document_ids) if not one.is_withdrawn]
        if not documents:
            say_unavailable(Message("action.all-withdrawn"))
            return exit_codes.OK
        return await run_action(runtime, WithdrawAction(), _context(runtime, documents, sure=yes))

    return in_runtime(tools, work)


@click.command()
@_ids
@pass_tools
def restore(tools: Tools, document_ids: tuple[str, ...]) -> int:
    """Restore withdrawn documents."""

    async def work(runtime: CliRuntime) -> int:
        documents = [one for one in _named(runtime, document_ids) if one.is_withdrawn]
        if not documents:
            say_unavailable(Message("action.none-withdrawn"))
            return exit_codes.OK
        return await run_action(runtime, WithdrawAction(), _context(runtime, documents, sure=True))

    return in_runtime(tools, work)


@click.command()
@click.argument("document_id", metavar="ID")
@click.option("--client", "reference", help=N_("Whose it is: reference, VAT number, name or id."))
@click.option(
    "--folder",
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("Where it goes."),
)
@_sure
@pass_tools
def move(tools: Tools, document_id: str, reference: str | None, folder: str | None, yes: bool) -> int:
    """Move a document to another client or folder, whose integrations take it as a new one.

    What was delivered stays at the receiver.
    """
    if not reference and not folder:
        raise click.UsageError(_("Say where it goes: --client REF, --folder FOLDER, or both."))

    async def work(runtime: CliRuntime) -> int:
        (document,) = _named(runtime, [document_id])
        clients = {row.client.id: row.client for row in runtime.clients()}
        client = client_named(runtime, reference) if reference else clients[document.client_id]
        target = Folder(folder.upper()) if folder else document.folder
        lines = where_they_stay(_context(runtime, [document], sure=yes))
        for line in lines:
            say(line)
        if lines and not yes:
            confirmed_or_aborted(_("Move it?"))
        answers = await runtime.answers([runtime.session.act(move_of(document, client, target))], SECONDS_TO_ANSWER)
        code = report(runtime, answers)
        if code == exit_codes.OK:
            say(moved_sentence(document, client, target))
        return code

    return in_runtime(tools, work)


@click.command()
@click.argument("document_id", metavar="ID")
@click.option("--number", help=N_("Its number."))
@click.option("--counterparty", help=N_("The name of the other party."))
@click.option("--vat-number", help=N_("The other party's VAT number."))
@click.option("--date", "issue_date", help=N_("Its date, dd/mm/yyyy or yyyy-mm-dd."))
@click.option("--due", "due_date", help=N_("When it is due."))
@click.option("--gross", "gross_amount", help=N_("The amount with VAT."))
@click.option("--net", "net_amount", help=N_("The amount without VAT."))
@click.option("--vat", "vat_amount", help=N_("The VAT."))
@click.option("--currency", help=N_("Its currency, such as EUR."))
@click.option("--iban", help=N_("The account to pay to."))
@click.option("--reference", "payment_reference", help=N_("The payment reference."))
@pass_tools
def correct(tools: Tools, /, document_id: str, **entered: str | None) -> int:
    """Correct the values of a document whose file has none that can be read as data. An empty value takes one away."""

    async def work(runtime: CliRuntime) -> int:
        (document,) = _named(runtime, [document_id])
        values = {name: text for name, text in entered.items() if text is not None}
        values_in(texts_of(values_of(document)) | values)  # a value that cannot be read ends the command here
        context = _context(runtime, [document], sure=True, answers=Answers(values=values))
        return await run_action(runtime, CorrectValuesAction(), context)

    return in_runtime(tools, work)


COMMANDS: Mapping[str, click.Command] = {"withdraw": withdraw, "restore": restore, "move": move, "correct": correct}


def _named(runtime: CliRuntime, ids: Sequence[str]) -> list[Document]:
    from banqup_tui.cli.commands.deliveries import documents_named  # it imports `documents`, which imports this module

    return documents_named(runtime, ids)


def _context(
    runtime: CliRuntime, documents: Sequence[Document], *, sure: bool, answers: Answers | None = None
) -> Context:
    return context_for(
        runtime,
        CommandLineAsk(sure=sure, answers=answers),
        Place.FOLDER,
        documents=documents,
        integrations=runtime.integrations(removed=True),
    )
