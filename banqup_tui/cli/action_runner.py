"""Runs an action for a command: prints why it cannot be done, waits for the answers, prints refusals."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.cli import exit_codes
from banqup_tui.cli.ask import CommandLineAsk
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, Fate
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of, words_of
from banqup_tui.presentation.words import _, ngettext

SECONDS_TO_ANSWER = 30.0


async def run_action(runtime: CliRuntime, action: Action, context: Context) -> int:
    """Runs an action and returns the exit code. Its notices are printed once its commands are answered."""
    reason = action.availability(context)
    if reason is not None:
        say_unavailable(reason)
        return exit_codes.FAILED
    await action.run(context)
    messages = context.ask.messages if isinstance(context.ask, CommandLineAsk) else []
    keys = [key for message in messages for key in message.undo_keys]
    if not keys:
        return exit_codes.OK
    answers = await runtime.answers(keys, SECONDS_TO_ANSWER)
    code = report(runtime, answers)
    if code == exit_codes.OK:
        for message in messages:
            say(message.plain_text)
        _say_older(answers)
    return code


def say_unavailable(reason: Message) -> None:
    """Prints why an action cannot be done now, as a sentence: most reasons have no full stop, as menus show them."""
    say(f"{sentence_of(reason).removesuffix('.')}.")


def _say_older(answers: Sequence[CommandAnswer]) -> None:
    """Prints how many older documents an activation sends; the integration may have some of those counted before."""
    results = [answer.result for answer in answers if isinstance(answer.result, dict)]
    numbers = [int(result.get("queued", 0)) for result in results if "jobId" in result and "integrationId" in result]
    if numbers:
        words = ngettext("{count} older document is sent.", "{count} older documents are sent.", sum(numbers))
        say(words.format(count=count(sum(numbers))))


def report(runtime: CliRuntime, answers: Sequence[CommandAnswer]) -> int:
    """Prints what was refused or waits, and returns the exit code.

    Refusals that are printed are marked as reported, so that the terminal does not show them again.
    """
    refused = [answer for answer in answers if answer.fate in (Fate.REFUSED, Fate.EXPIRED, Fate.CANCELLED)]
    for reason in dict.fromkeys(words_of(answer.reason) or _("It was refused.") for answer in refused):
        say(reason)
    runtime.mark_reported([answer.key for answer in refused])
    if refused:
        return exit_codes.FAILED
    if any(answer.fate is Fate.WAITING for answer in answers):
        say(_("Kept on this computer; it goes when the backend is back."))
        return exit_codes.STILL_UNDER_WAY
    return exit_codes.OK
