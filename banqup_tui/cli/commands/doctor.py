"""`banqup doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial

import click

from banqup_tui.cli import exit_codes
from banqup_tui.cli.command_runner import as_json, pass_tools
from banqup_tui.cli.doctor_checks import (
    VERDICT_WORDS,
    Finding,
    Verdict,
    check_content,
    check_runtime,
    check_without_runtime,
    fine,
    wrong,
)
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, Tools
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.error_log import record, take_loop_faults
from banqup_tui.presentation.messages import json_of, remedy_of, sentence_of, words_of
from banqup_tui.presentation.words import N_, _


@click.command()
@click.option("--deep", is_flag=True, help=N_("Also read every stored file, which takes a while."))
@as_json
@pass_tools
def command(tools: Tools, deep: bool, json: bool) -> int:
    """Look for what is wrong, and say what to do about it. Ends with 1 if something is."""
    findings = [*check_without_runtime(tools.dirs()), *_check_runtime(tools, deep)]
    if json:
        print_array(map(_value, findings))
    else:
        print_table((N_("What"), N_("Verdict"), N_("Finding")), _lines(findings))
    bad = sum(finding.verdict is Verdict.WRONG for finding in findings)
    doubtful = sum(finding.verdict is Verdict.WARNING for finding in findings)
    say(
        _("{bad} wrong, {doubtful} to look at.").format(bad=bad, doubtful=doubtful)
        if bad or doubtful
        else _("Nothing is wrong.")
    )
    return exit_codes.FAILED if bad else exit_codes.OK


def _lines(findings: Iterable[Finding]) -> Iterator[tuple[str, str, str]]:
    for finding in findings:
        yield _(finding.about), _(VERDICT_WORDS[finding.verdict]), _words(finding)


def _words(finding: Finding) -> str:
    parts = (sentence_of(finding.message), *map(words_of, finding.because), remedy_of(finding.message))
    return " ".join(filter(None, parts))


def _value(finding: Finding) -> dict[str, object]:
    return {
        "about": finding.about,
        "verdict": finding.verdict,
        **(json_of(finding.message) or {}),
        "because": [json_of(message) for message in finding.because],
    }


def _check_runtime(tools: Tools, deep: bool) -> list[Finding]:
    """Returns what is found with the backend, which is started if needed; without it, in the copy."""

    async def look() -> list[Finding]:
        take_loop_faults(asyncio.get_running_loop(), partial(record, directory=tools.dirs().log))
        async with tools.open_runtime(tools.dirs()) as runtime:
            findings = [await _check_backend(runtime), *check_runtime(runtime)]
            if deep:
                findings += await asyncio.to_thread(lambda: list(check_content(runtime, tools.dirs().backend)))
            return findings

    try:
        return asyncio.run(look())
    except BanqupError as error:
        return [wrong(N_("copy"), error.message)]
    except OSError as error:
        return [wrong(N_("copy"), message("doctor.copy-cannot-be-opened", error.strerror or str(error)))]


async def _check_backend(runtime: CliRuntime) -> Finding:
    try:
        await runtime.sync()
    except BanqupError as error:
        return wrong(N_("backend"), error.message)
    return fine(N_("backend"), "doctor.service-answers")
