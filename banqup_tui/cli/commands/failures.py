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


class Which(Value, frozen=True, kw_only=True):
    """Which failures are meant: all of this has to hold of them."""

    cause: str | None = None
    integrations: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    everything: bool = False

    @property
    def says_nothing(self) -> bool:
        return not (self.cause or self.integrations or self.extensions or self.everything)


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which failures are meant."""
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
@_which
@click.option("--again", is_flag=True, help=N_("Also what may have arrived: it may be there twice."))
@_sure
@pass_tools
def retry(tools: Tools, /, again: bool, yes: bool, **which: Any) -> int:
    """Send what failed once more; integrations that had stopped for it go on."""
    wanted = _description(Which(**which))

    async def work(runtime: CliRuntime) -> int:
        failing = [one for one in _chosen(runtime, wanted) if again or one.state is DeliveryState.FAILED]
        plan = retry_of(failing, {one.id: one for one in runtime.integrations()})
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
@_which
@_sure
@pass_tools
def dismiss(tools: Tools, /, yes: bool, **which: Any) -> int:
    """Let what failed be: the documents are no longer in error. Nothing is sent."""
    wanted = _description(Which(**which))

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
@_which
@pass_tools
def export(tools: Tools, /, file: str, **which: Any) -> int:
    """Write what failed to FILE as CSV, a row for each delivery; - is stdout. A file that is there stays."""

    async def work(runtime: CliRuntime) -> int:
        failing = _chosen(runtime, Which(**which))
        content = table_of(
            failing,
            documents=lambda ids: runtime.documents(ids=ids),
            clients={row.client.id: row.client for row in runtime.clients()},
            integrations={one.id: one for one in runtime.integrations(removed=True)},
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
        print_array(json_output.failures_value(one, clients) for one in groups)
        return
    columns = (N_("Key"), N_("Number"), N_("Extension"), N_("State"), N_("Clients"), N_("Cause"))
    print_table(columns, [_line(one) for one in groups], right=(1, 4))


def _line(group: FailureGroup) -> tuple[str, ...]:
    numbers = (group.key, str(group.count), group.extension_id, group.state.value, str(group.clients))
    return (*numbers, sentence_of(group.message) or "–")


def _description(which: Which) -> Which:
    if which.says_nothing:
        raise click.UsageError(_("Say which: --cause TEXT, --integration ID, --extension ID, or --all."))
    return which


def _chosen(runtime: CliRuntime, which: Which) -> list[Failing]:
    """Raises `NotThere` for a cause, an extension or an integration of which nothing failed."""
    groups = [one for one in runtime.failures() if not which.extensions or one.extension_id in which.extensions]
    fitting = [one for one in groups if which.cause is None or _has_cause(one, which.cause)]
    if (which.cause or which.extensions) and not fitting:
        raise NotThere(message("cli.no-failure-for", text=which.cause or which.extensions[0]))
    failing = [one for group in fitting for one in runtime.failing(group)]
    found = [one for one in failing if not which.integrations or one.integration_id in which.integrations]
    if which.integrations and not found:
        raise NotThere(message("cli.no-failure-at", name=which.integrations[0]))
    return found


def _has_cause(group: FailureGroup, wanted: str) -> bool:
    return group.key == wanted or wanted.casefold() in sentence_of(group.message).casefold()


async def _submit(runtime: CliRuntime, bodies: Sequence[CommandBody], sentence: str) -> int:
    keys = runtime.doing.act_all(bodies, sentence.rstrip("."))
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
