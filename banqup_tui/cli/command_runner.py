"""What commands have in common: open the runtime, synchronise, report if there is no backend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from banqup_tui.actions.context import Context
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Ask
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, NoBackend, Tools
from banqup_tui.error_log import record, take_loop_faults
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import N_, _


def in_runtime(tools: Tools, work: Callable[[CliRuntime], Awaitable[int]], *, sync: bool = True) -> int:
    """Runs `work` in an open runtime and returns its exit code. Without a backend it works on the local copy."""

    async def run() -> int:
        take_loop_faults(asyncio.get_running_loop(), partial(record, directory=tools.dirs().log))
        async with tools.open_runtime(tools.dirs()) as runtime:
            if sync:
                await sync_or_report(runtime)
            return await work(runtime)

    return asyncio.run(run())


async def sync_or_report(runtime: CliRuntime) -> bool:
    """Synchronises. Returns false, after printing why, if there is no backend."""
    try:
        await runtime.sync()
    except NoBackend as error:
        say(
            _("{sentence} This is what was here before; what is asked is kept. {remedy}").format(
                sentence=sentence_of(error.message), remedy=remedy_of(error.message)
            )
        )
        return False
    return True


def context_for(runtime: CliRuntime, ask: Ask, place: Place, **more: object) -> Context:
    """Returns the context for an action on the command line: files go to the current directory."""
    extensions = {extension.id: extension for extension in runtime.extensions()}
    return Context(
        session=runtime.session,
        ask=ask,
        place=place,
        extensions=extensions,
        installations=runtime.installations(),
        over_ssh=True,
        download_to=Path.cwd(),
        now=datetime.now(UTC),
        **more,  # type: ignore[arg-type]
    )


pass_tools = click.make_pass_decorator(Tools)
as_json = click.option("--json", "json", is_flag=True, help=N_("One array of objects on stdout."))
