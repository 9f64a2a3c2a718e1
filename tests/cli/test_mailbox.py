"""`banqup sources add mailbox`: the password is asked, read from a file or standard input, and is in no command."""

import io
import sys
from datetime import date
from pathlib import Path

import click
import pytest

from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import Source, SourceKind
from banqup_tui.protocol.commands import AddSource
from banqup_tui.protocol.messages import TestResult, TestStep
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

BOX = ("sources", "add", "mailbox", "--host", "imap.kantoor.example", "--user", "facturen@kantoor.example")
ADDRESS = "imaps://facturen@kantoor.example@imap.kantoor.example:993/INBOX"
KNOWN = Source(id="box", kind=SourceKind.MAILBOX, path=ADDRESS, letters=3)


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def added(runtime: FakeRuntime) -> AddSource:
    (body,) = (one for one in runtime.session.acts if isinstance(one, AddSource))
    return body


def test_the_mailbox_is_added_with_what_comes_from_today_on(
    banqup: RunBanqup, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "geheim\n")
    printed = banqup(runtime, *BOX)
    assert (printed.code, "can be read" in printed.out + printed.err) == (0, True)
    body = added(runtime)
    assert (body.kind, body.path) == (SourceKind.MAILBOX, ADDRESS)
    assert body.since is not None
    assert body.since >= date(2026, 1, 1)
    assert runtime.session.passwords == [(body.source_id, Secret("geheim"))]
    assert "geheim" not in repr(runtime.session.acts) + printed.out + printed.err


def test_other_ports_folders_and_days_are_taken(banqup: RunBanqup, runtime: FakeRuntime, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim\n")
    more = (
        "--starttls",
        "--folder",
        "Factures",
        "--since",
        "2026-10-01",
        "--password-file",
        str(tmp_path / "password"),
    )
    assert banqup(runtime, *BOX, *more).code == 0
    path = "imap+starttls://facturen@kantoor.example@imap.kantoor.example:143/Factures"
    assert (added(runtime).path, added(runtime).since) == (path, date(2026, 10, 1))
    assert runtime.session.passwords[0][1] == Secret("geheim")


def test_a_person_types_the_password_unseen(
    banqup: RunBanqup, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        assert hide_input
        return "geheim"

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert banqup(runtime, *BOX).code == 0
    assert runtime.session.passwords[0][1] == Secret("geheim")


def test_without_options_the_password_of_the_mailbox_is_entered_again(
    banqup: RunBanqup, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "neu\n")
    assert banqup(runtime, "sources", "add", "mailbox").code == 2
    runtime.all_sources = [KNOWN]
    typed(monkeypatch, "neu\n")
    assert banqup(runtime, "sources", "add", "mailbox").code == 0
    assert (added(runtime).path, added(runtime).since) == (ADDRESS, None)
    assert runtime.session.passwords == [("box", Secret("neu"))]


def test_where_mails_are_moved_is_said_without_the_password(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    runtime.all_sources = [KNOWN]
    assert banqup(runtime, "sources", "add", "mailbox", "--move-to", "Traitées").code == 0
    assert (added(runtime).path, added(runtime).move_to) == (ADDRESS, "Traitées")
    assert runtime.session.passwords == []
    runtime.all_sources = [Source(id="box", kind=SourceKind.MAILBOX, path=ADDRESS, move_to="Traitées")]
    printed = banqup(runtime, "sources", "list")
    assert "moved to the folder Traitées" in printed.out + printed.err


def test_a_refused_password_is_said_and_ends_with_a_failure(
    banqup: RunBanqup, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Message("mailbox.sign-in-refused", {"host": "imap.kantoor.example", "user": "facturen"}, "[AUTH] no")
    runtime.session.password_result = TestResult(steps=(TestStep(ok=False, message=refused),))
    typed(monkeypatch, "falsch\n")
    printed = banqup(runtime, *BOX)
    assert printed.code == 1
    assert "refuses facturen" in printed.err
    assert "falsch" not in printed.err


@pytest.mark.parametrize(
    "options",
    [("--user", ""), ("--listen", "127.0.0.1:1"), ("/somewhere",), ("--port", "0"), ("--user", "a\nb")],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_asked(
    banqup: RunBanqup, runtime: FakeRuntime, options: tuple[str, ...]
) -> None:
    assert banqup(runtime, *BOX, *options).code != 0
    assert banqup(runtime, "sources", "add", "folder", "/tmp", "--host", "x").code == 2
    assert runtime.session.acts == []


def test_the_list_says_what_is_left_in_the_mailbox(banqup: RunBanqup) -> None:
    printed = banqup(FakeRuntime(all_sources=[KNOWN]), "sources", "list")
    assert ADDRESS in printed.out
    assert "left unread in the mailbox: 3" in printed.out + printed.err


def test_a_mailbox_is_signed_in_at_in_the_browser(banqup: RunBanqup, runtime: FakeRuntime, tmp_path: Path) -> None:
    (tmp_path / "app").write_text("app-secret\n")
    printed = banqup(
        runtime, *BOX, "--sign-in-by", "other", "--client-id", "app-1", "--client-secret-file", str(tmp_path / "app"),
        "--authorize-url", "https://login.example/authorize", "--token-url", "https://login.example/token",
        "--scope", "imap",
    )  # fmt: skip
    assert printed.code == 0
    assert runtime.session.sign_ins.url in printed.err
    asked, stored = runtime.session.providers
    assert asked == stored
    assert (asked.sign_in_by, asked.user, asked.client_id) == ("other", "facturen@kantoor.example", "app-1")
    assert (asked.authorize_url, asked.token_url, asked.scope) == (
        "https://login.example/authorize", "https://login.example/token", "imap",
    )  # fmt: skip
    assert asked.client_secret == "app-secret"
    assert "app-secret" not in repr(runtime.session.acts) + printed.out + printed.err
