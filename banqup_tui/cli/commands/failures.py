"""`banqup deliveries retry`, `dismiss`, `export`: what failed, by the hundred."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from banqup_tui.actions.csv_export import table_of
from banqup_tui.actions.failures import commands_of, dismissals_of
from banqup_tui.actions.file_export import CannotWrite
from banqup_tui.cli import exit_codes, json_output
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import in_runtime, pass_tools
from banqup_tui.cli.output import confirmed_or_aborted, print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.failures import Failing, FailureGroup, retry_of
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import N_, _, ngettext
from banqup_tui.protocol.commands import CommandBody
from banqup_tui.whole_file import write_new


class FailureSelection(Value, frozen=True, kw_only=True):
    """A selection of failures; all of its conditions must hold."""

    cause: str | None = None
    integrations: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    everything: bool = False

    @property
    def says_nothing(self) -> bool:
        return not (self.cause or self.integrations or self.extensions or self.everything)


def _selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that select failures."""
    for option in (
        click.option("--all", "everything", is_flag=True, help=N_("All that failed.")),
        click.option("--extension", "extensions", multiple=True, help=N_("Only at this extension.")),
        click.option("--integration", "integrations", multiple=True, help=N_("Only at this integration (its id).")),
        click.option("--cause", help=N_("Only of this cause: its key in --failed --group, or words of it.")),
    ):
        command = option(command)
    return command


_sure = click.option("--yes", is_flag=True, help=N_("Do not ask."))


@click.command()
@_selection_options
@click.option("--again", is_flag=True, help=N_("Also what may have arrived: it may be there twice."))
@_sure
@pass_tools
def retry(tools: Tools, /, again: bool, yes: bool, **selection: Any) -> int:
    """Send what failed once more; integrations that had stopped for it go on."""
    wanted = _checked_selection(FailureSelection(**selection))

    async def work(runtime: CliRuntime) -> int:
        failing = [failure for failure in _chosen(runtime, wanted) if again or failure.state is DeliveryState.FAILED]
        plan = retry_of(failing, {integration.id: integration for integration in runtime.integrations()})
        if plan.left_out:
            say(_("{left_out} left out: their integrations are paused or removed.").format(left_out=plan.left_out))
        if not plan.count:
            say(_("Nothing to send again."))
            return exit_codes.FAILED if plan.left_out else exit_codes.OK
        if not yes:
            confirmed_or_aborted(_("Send {count} again?").format(count=plan.count))
        return await _submit(
            runtime,
            list(commands_of(plan)),
            ngettext("{n} queued again.", "{n} queued again.", plan.count).format(n=count(plan.count)),
        )

    return in_runtime(tools, work)


@click.command()
@_selection_options
@_sure
@pass_tools
def dismiss(tools: Tools, /, yes: bool, **selection: Any) -> int:
    """Let what failed be: the documents are no longer in error. Nothing is sent."""
    wanted = _checked_selection(FailureSelection(**selection))

    async def work(runtime: CliRuntime) -> int:
        failing = _chosen(runtime, wanted)
        if not failing:
            say(_("Nothing to dismiss."))
            return exit_codes.OK
        if not yes:
            confirmed_or_aborted(_("Dismiss {count}?").format(count=len(failing)))
        return await _submit(runtime, list(dismissals_of(failing)), f"{len(failing)} dismissed.")

    return in_runtime(tools, work)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@_selection_options
@pass_tools
def export(tools: Tools, /, file: str, **selection: Any) -> int:
    """Write what failed to FILE as CSV, a row for each delivery; - is stdout. A file that is there stays."""

    async def work(runtime: CliRuntime) -> int:
        failing = _chosen(runtime, FailureSelection(**selection))
        content = table_of(
            failing,
            documents=lambda ids: runtime.documents(ids=ids),
            clients={row.client.id: row.client for row in runtime.clients()},
            integrations={integration.id: integration for integration in runtime.integrations(removed=True)},
        )
        if file == "-":
            sys.stdout.buffer.write(content)
        else:
            _write_new(Path(file), content)
        say(ngettext("{count} row written.", "{count} rows written.", len(failing)).format(count=len(failing)))
        return exit_codes.OK

    return in_runtime(tools, work)


COMMANDS: dict[str, click.Command] = {"retry": retry, "dismiss": dismiss, "export": export}


def print_groups(runtime: CliRuntime, *, json: bool) -> None:
    groups = runtime.failures()
    if json:
        clients = {row.client.id: row.client for row in runtime.clients()}
        print_array(json_output.failures_value(group, clients) for group in groups)
        return
    columns = (N_("Key"), N_("Number"), N_("Extension"), N_("State"), N_("Clients"), N_("Cause"))
    print_table(columns, [_line(group) for group in groups], right=(1, 4))


def _line(group: FailureGroup) -> tuple[str, ...]:
    numbers = (group.key, str(group.count), group.extension_id, group.state.value, str(group.clients))
    return (*numbers, sentence_of(group.message) or "–")


def _checked_selection(selection: FailureSelection) -> FailureSelection:
    if selection.says_nothing:
        raise click.UsageError(_("Say which: --cause TEXT, --integration ID, --extension ID, or --all."))
    return selection


def _chosen(runtime: CliRuntime, selection: FailureSelection) -> list[Failing]:
    """Returns the selected failures. Raises `NotThere` for a cause, extension or integration without failures."""
    groups = [
        group for group in runtime.failures() if not selection.extensions or group.extension_id in selection.extensions
    ]
    fitting = [group for group in groups if selection.cause is None or _has_cause(group, selection.cause)]
    if (selection.cause or selection.extensions) and not fitting:
        raise NotThere(message("cli.no-failure-for", text=selection.cause or selection.extensions[0]))
    failing = [failure for group in fitting for failure in runtime.failing(group)]
    chosen = [
        failure for failure in failing if not selection.integrations or failure.integration_id in selection.integrations
    ]
    if selection.integrations and not chosen:
        raise NotThere(message("cli.no-failure-at", name=selection.integrations[0]))
    return chosen


def _has_cause(group: FailureGroup, wanted: str) -> bool:
    return group.key == wanted or wanted.casefold() in sentence_of(group.message).casefold()


async def _submit(runtime: CliRuntime, bodies: Sequence[CommandBody], sentence: str) -> int:
    keys = runtime.session.act_all(bodies, sentence.rstrip("."))
    code = report(runtime, await runtime.answers(keys, SECONDS_TO_ANSWER))
    if code == exit_codes.OK:
        say(sentence)
    return code


def _write_new(path: Path, content: bytes) -> None:
    try:
        write_new(path, [content])
    except OSError as error:
        sentence = _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror)
        raise CannotWrite(sentence, _("Name another file.")) from error
