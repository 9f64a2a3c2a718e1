"""`banqup sources add mailbox`."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path

import click
import msgspec

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import in_runtime
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.cli.settings_options import day_option
from banqup_tui.cli.sign_in import signed_in
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.mailbox_address import PORTS, MailboxAddress, MailboxSecurity, read_address
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import Source, SourceKind
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import AddSource
from banqup_tui.protocol.messages import MailboxProvider, TestResult

_SECONDS_TO_SIGN_IN = 100.0


class PasswordRefused(BanqupError):
    """The mailbox refuses the user or the password."""


class MailboxOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command. Without `host`, the password of the mailbox that is there is entered anew."""

    host: str | None
    port: int | None
    user: str | None
    folder: str | None
    starttls: bool
    since: date | None
    move_to: str | None
    password_file: Path | None
    sign_in_by: str | None
    client_id: str | None
    client_secret_file: Path | None
    authorize_url: str | None
    token_url: str | None
    scope: str | None

    @property
    def has_any(self) -> bool:
        return any(getattr(self, name) not in (None, False) for name in self.__struct_fields__)

    @property
    def is_only_move_to(self) -> bool:
        """Whether nothing is said but where mails are moved, for which no password is needed."""
        others = (name for name in self.__struct_fields__ if name != "move_to")
        return self.move_to is not None and not any(getattr(self, name) for name in others)


def mailbox_options(function: Callable[..., object]) -> Callable[..., object]:
    """Adds the options of a mailbox. The command gets them as `mailbox`."""

    @click.option("--host", help=N_("The mail server (IMAP) of the mailbox."))
    @click.option("--port", type=click.IntRange(1, 65_535), help=N_("Its port; 993, or 143 with --starttls."))
    @click.option("--user", help=N_("The user of the mailbox, mostly its address."))
    @click.option("--folder", help=N_("The folder of the mailbox; INBOX if nothing is said."))
    @click.option("--starttls", is_flag=True, help=N_("For servers that encrypt only after the connection."))
    @click.option(
        "--since", metavar="DAY", help=N_("Also mails that came on this day or later; today if nothing is said.")
    )
    @click.option(
        "--move-to",
        metavar="NAME",
        help=N_("Mails that were taken are moved to this folder of the server; empty: they stay, marked as read."),
    )
    @click.option(
        "--password-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=N_("The password is in this file. Without it, it is asked for, or read from standard input."),
    )
    @click.option(
        "--sign-in-by",
        type=click.Choice(["microsoft", "google", "other"]),
        help=N_("Sign in in a browser, in place of a password; it needs --client-id."),
    )
    @click.option("--client-id", help=N_("Of the application: a desktop one, registered for http://localhost."))
    @click.option(
        "--client-secret-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=N_("The secret of the application is in this file: Google gives one, Microsoft does not."),
    )
    @click.option("--authorize-url", help=N_("The sign-in page; the usual one of microsoft and google."))
    @click.option("--token-url", help=N_("The token address; the usual one of microsoft and google."))
    @click.option("--scope", help=N_("What the sign-in is for; reading mail at microsoft and google."))
    @wraps(function)
    def with_mailbox(
        *args: object,
        host: str | None,
        port: int | None,
        user: str | None,
        folder: str | None,
        starttls: bool,
        since: str | None,
        move_to: str | None,
        password_file: Path | None,
        sign_in_by: str | None,
        client_id: str | None,
        client_secret_file: Path | None,
        authorize_url: str | None,
        token_url: str | None,
        scope: str | None,
        **more: object,
    ) -> object:
        options = MailboxOptions(
            host=host,
            port=port,
            user=user,
            folder=folder,
            starttls=starttls,
            since=day_option(since),
            move_to=move_to,
            password_file=password_file,
            sign_in_by=sign_in_by,
            client_id=client_id,
            client_secret_file=client_secret_file,
            authorize_url=authorize_url,
            token_url=token_url,
            scope=scope,
        )
        return function(*args, mailbox=options, **more)

    return with_mailbox


def open_mailbox(tools: Tools, options: MailboxOptions) -> int:
    """Adds the mailbox, or enters its password anew."""
    if (options.host is None) is not (options.user is None):
        raise click.UsageError(_("Write: sources add mailbox --host HOST --user USER."))
    address = _address(options) if options.host is not None else None

    async def work(runtime: CliRuntime) -> int:
        known = next((source for source in runtime.sources() if source.kind is SourceKind.MAILBOX), None)
        if address is None and known is None:
            raise click.UsageError(_("Write: sources add mailbox --host HOST --user USER."))
        asks = not options.sign_in_by and not options.is_only_move_to
        password = _password(options.password_file) if asks else Secret()
        path = address or (known.path if known is not None else "")
        source_id = known.id if known else str(uuid.uuid4())
        since = options.since or (None if known else datetime.now().astimezone().date())
        body = AddSource(source_id=source_id, path=path, kind=SourceKind.MAILBOX, since=since, move_to=options.move_to)
        code = report(runtime, await runtime.answers([runtime.session.act(body)], SECONDS_TO_ANSWER))
        if code != 0 or options.is_only_move_to:
            return code
        if options.sign_in_by:
            return await _sign_in_by(runtime, source_id, _provider(options, read_address(path).user))
        return await _sign_in(runtime, source_id, password)

    return in_runtime(tools, work)


def _address(options: MailboxOptions) -> str:
    security = MailboxSecurity.STARTTLS if options.starttls else MailboxSecurity.TLS
    address = MailboxAddress(
        host=options.host or "",
        port=options.port or PORTS[security],
        user=options.user or "",
        folder=options.folder or "INBOX",
        security=security,
    )
    return read_address(address.text).text


async def _sign_in(runtime: CliRuntime, source_id: str, password: Secret) -> int:
    """Gives the service the password, which tries it. The password is in no command: commands are kept on the disk."""
    result = await runtime.session.ask(
        lambda server: server.set_mailbox_password(source_id, password), seconds=_SECONDS_TO_SIGN_IN
    )
    return _report_sign_in(result)


async def _sign_in_by(runtime: CliRuntime, source_id: str, provider: MailboxProvider) -> int:
    """Signs in in the browser; the service tries the sign-in at the mailbox."""
    begun = await runtime.session.ask(lambda server: server.begin_mailbox_sign_in(provider), seconds=60)
    sign_in = await signed_in(runtime.session, begun)
    return _report_sign_in(
        await runtime.session.ask(
            lambda server: server.set_mailbox_sign_in(source_id, sign_in, provider), seconds=_SECONDS_TO_SIGN_IN
        )
    )


def _provider(options: MailboxOptions, user: str) -> MailboxProvider:
    secret = options.client_secret_file
    return MailboxProvider(
        sign_in_by=options.sign_in_by or "",
        user=user,
        client_id=options.client_id or "",
        client_secret=_password(secret).reveal() if secret else "",
        authorize_url=options.authorize_url or "",
        token_url=options.token_url or "",
        scope=options.scope or "",
    )


def _report_sign_in(result: TestResult) -> int:
    """Says what came of the sign-in."""
    for step in result.steps:
        if step.message.code == "mailbox.sign-in-refused":
            raise PasswordRefused(step.message)
        say(words_of(step.message))
    say(_("Its mails are fetched from now on. banqup sources list shows how many it brought, and what is wrong."))
    return 0


def _password(file: Path | None) -> Secret:
    """Returns the password from a file, else from a person, who types it unseen, else from standard input."""
    if file is not None:
        try:
            text = file.expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or ""
            raise NotThere(message("cli.password-unreadable", reason, path=file)) from None
    elif sys.stdin.isatty():
        text = click.prompt(_("Password of the mailbox"), hide_input=True, err=True)
    else:
        text = sys.stdin.read().rstrip("\r\n")
    if not text or not text.isprintable():
        raise click.UsageError(_("There is no password: it is asked for, or read from standard input or a file."))
    return Secret(text)


def move_to_of(source: Source) -> str:
    """Returns the line about the folder to which mails are moved."""
    return _("Mails that were taken are moved to the folder {folder}.").format(folder=source.move_to)


def letters_of(source: Source) -> str:
    """Returns the line about mails without a document."""
    return _("Mails without a document, left unread in the mailbox: {count}.").format(count=source.letters)
