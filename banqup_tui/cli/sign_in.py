"""The option `--sign-in`: a sign-in in the browser, for an extension with a setting that is a sign-in."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from banqup_tui.actions.context import ActionSession
from banqup_tui.cli import exit_codes
from banqup_tui.cli.output import say
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.messages import message
from banqup_tui.domain.setting_rules import Schema, is_asked, kind_of, plain, with_defaults
from banqup_tui.domain.text import clean
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.messages import SignIn, SignInRequest, SignInState
from banqup_tui.sync.errors import NoNetwork, NotAnswered, RequestRefused, ServerDown

POLL = 1.0
"""Seconds between two questions."""
SECONDS_TO_SIGN_IN = 900.0
_MOST_READ = 16 << 10

sign_in_option = click.option(
    "--sign-in", "sign_in", is_flag=True, help=N_("Sign in in a browser: the address to open there is said.")
)


class NothingToSignInTo(BanqupError):
    exit_code = exit_codes.USAGE


class NotSignedIn(BanqupError):
    exit_code = exit_codes.FAILED


class NobodySignedIn(BanqupError):
    exit_code = exit_codes.STILL_UNDER_WAY


async def with_sign_in(
    session: ActionSession,
    extension: Extension,
    entered: Mapping[str, object],
    inherited: Mapping[str, object],
    *,
    installation_id: str | None = None,
    integration_id: str | None = None,
    client_id: str | None = None,
) -> dict[str, object]:
    """Returns `entered` with the sign-in added, once the user has signed in. Raises `BanqupError`.

    `inherited` are the values stored already; they decide which sign-in is asked.
    """
    field = _field(extension, {**inherited, **entered})
    request = SignInRequest(
        extension_id=extension.id,
        installation_id=installation_id,
        integration_id=integration_id,
        client_id=client_id,
        settings=dict(entered),
        field=field,
    )
    begun = await session.ask(lambda server: server.begin_sign_in(request), seconds=60)
    return {**entered, field: await signed_in(session, begun)}


async def signed_in(session: ActionSession, begun: SignIn) -> str:
    """Returns the id of the sign-in once the user has signed in. Raises `BanqupError`."""
    say(_("Sign in at {provider}: open this address in a browser on any computer.").format(provider=begun.provider))
    say(begun.url)
    done = await _until_done(session, begun)
    if done.state is SignInState.REFUSED:
        raise NotSignedIn(done.reason or message("sign-in.refused-without-reason", provider=done.provider))
    say(_("Signed in at {provider}.").format(provider=done.provider))
    return done.id


def _field(extension: Extension, settings: Mapping[str, object]) -> str:
    """Returns the setting that is a sign-in and is asked with these settings. Raises `NothingToSignInTo`."""
    properties: Schema = extension.settings_schema.get("properties", {})
    together = with_defaults(properties, settings)
    sign_ins = {name: schema for name, schema in properties.items() if kind_of(schema) == "sign-in"}
    asked = next((name for name, schema in sign_ins.items() if is_asked(schema, together)), None)
    if asked is not None:
        return asked
    if not sign_ins:
        raise NothingToSignInTo(message("cli.no-sign-in", id=extension.id))
    when: Schema = plain(next(iter(sign_ins.values()))).get("x-when", {})
    missing = (f"--set {name}={'|'.join(map(str, values))}" for name, values in when.items())
    raise NothingToSignInTo(message("cli.no-sign-in-with-these", id=extension.id, options=" ".join(missing)))


async def _until_done(session: ActionSession, begun: SignIn) -> SignIn:
    """Asks each second for the state, and passes on the address that a user pastes meanwhile."""
    end = time.monotonic() + SECONDS_TO_SIGN_IN
    with _pasted_lines() as lines:
        if lines is not None:
            say(
                _("If the browser then cannot open {returns_to}, copy the whole address from its address bar,").format(
                    returns_to=begun.returns_to
                )
            )
            say(_("paste it here and press Enter."))
        sign_in = begun
        while sign_in.state is SignInState.WAITING:
            if time.monotonic() > end:
                raise NobodySignedIn(message("cli.nobody-signed-in"))
            address = await _next(lines)
            try:
                sign_in = await _look(session, begun.id, address)
            except (NoNetwork, NotAnswered, ServerDown) as error:
                if address:
                    say(words_of(error.message))
            except RequestRefused as error:
                if not address:
                    raise
                say(words_of(error.message))
        return sign_in


async def _next(lines: asyncio.Queue[str] | None) -> str:
    """Returns what was pasted, empty after a second without."""
    if lines is None:
        await asyncio.sleep(POLL)
        return ""
    try:
        async with asyncio.timeout(POLL):
            return await lines.get()
    except TimeoutError:
        return ""


@contextmanager
def _pasted_lines() -> Iterator[asyncio.Queue[str] | None]:
    """Gives the lines typed in the terminal; `None` if stdin is no terminal."""
    if not sys.stdin.isatty():
        yield None
        return
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        got = os.read(descriptor, _MOST_READ)
        if not got:
            loop.remove_reader(descriptor)
        for line in got.decode(errors="replace").splitlines():
            if clean(line):
                lines.put_nowait(clean(line))

    loop.add_reader(descriptor, read)
    try:
        yield lines
    finally:
        loop.remove_reader(descriptor)


async def _look(session: ActionSession, sign_in_id: str, address: str) -> SignIn:
    """Returns the present state of the sign-in, after completing it with the address that was pasted, if any."""
    if address:
        return await session.ask(lambda server: server.return_to(sign_in_id, address), seconds=120)
    return await session.ask(lambda server: server.sign_in(sign_in_id))
