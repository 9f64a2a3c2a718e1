"""`--sign-in`: in the browser, from the command line."""

import os
import pty
from collections.abc import Iterator
from typing import Any

import pytest

from banqup_tui.cli import sign_in
from banqup_tui.protocol.commands import AddIntegration, Configure, ConfigureIntegration, Install
from banqup_tui.protocol.problems import Problem
from tests.actions.fakes import an_extension, an_installation, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

SCHEMA = {
    "type": "object",
    "properties": {
        "by": {"type": "string", "enum": ["password", "microsoft", "google"], "default": "password"},
        "sign_in": {
            "type": "string", "writeOnly": True, "x-look": "sign-in", "x-when": {"by": ["microsoft", "google"]}
        },
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "POLL", 0.01)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Writes into the terminal in which the command runs."""
    writes, reads = pty.openpty()
    with open(reads, encoding="utf-8", closefd=True) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield writes
    os.close(writes)


def a_runtime(**installed: Any) -> FakeRuntime:
    runtime = FakeRuntime(all_extensions=[an_extension("mail"), an_extension("sftp")])
    runtime.all_extensions[0].settings_schema.clear()
    runtime.all_extensions[0].settings_schema.update(SCHEMA)
    if installed:
        runtime.all_installations = [an_installation("mail", settings=installed)]
    return runtime


def test_the_address_is_said_and_once_signed_in_the_extension_is_installed(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    result = banqup(runtime, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert result.code == 0
    assert "Sign in at Microsoft 365: open this address in a browser" in result.err
    assert f"\n{runtime.session.sign_ins.url}\n" in result.err
    assert "paste" not in result.err
    assert result.out == ""
    (asked,) = runtime.session.sign_ins.begun
    assert (asked.extension_id, asked.field, asked.settings) == ("mail", "sign_in", {"by": "microsoft"})
    (act,) = runtime.session.acts
    assert isinstance(act, Install)
    assert act.settings == {"by": "microsoft", "sign_in": "s-1"}


def test_a_person_pastes_the_address_and_is_told_of_a_wrong_one(banqup: RunBanqup, person: int) -> None:
    runtime = a_runtime()
    runtime.session.sign_ins.looks = 1_000_000
    os.write(person, b"http://localhost:40123/?code=\n\nhttp://localhost:40123/?code=c&state=s-1\n")
    result = banqup(runtime, "store", "install", "mail", "--set", "by=google", "--sign-in")
    assert result.code == 0
    assert "If the browser then cannot open http://localhost:40123/" in result.err
    assert "This is not the address. Copy the whole of it." in result.err
    assert runtime.session.sign_ins.returned == ["http://localhost:40123/?code=", runtime.session.sign_ins.right]
    assert runtime.session.acts[0].settings["sign_in"] == "s-1"


def test_refused_it_says_why_and_nothing_is_installed(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.session.sign_ins.refusal = ("The provider said no.", "Ask the administrator.")
    result = banqup(runtime, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert result.code == 1
    assert "The provider said no. Ask the administrator." in result.err
    assert runtime.session.acts == []


def test_what_it_lacks_is_said(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.session.sign_ins.problem = Problem(
        type="invalid-settings", title="ID is missing.", remedy="Give client_id."
    )
    result = banqup(runtime, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert (result.code, result.err.strip()) == (1, "ID is missing. Give client_id.")


def test_where_nobody_signs_in_it_comes_to_an_end(banqup: RunBanqup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SECONDS_TO_SIGN_IN", 0.0)
    runtime = a_runtime()
    runtime.session.sign_ins.looks = 1_000_000
    result = banqup(runtime, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert result.code == 75
    assert "Nobody has signed in." in result.err


def test_without_a_choice_that_asks_for_it_the_choice_is_named(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "store", "install", "mail", "--sign-in")
    assert result.code == 2
    assert "Give --set by=microsoft|google with it." in result.err
    result = banqup(a_runtime(), "store", "install", "sftp", "--sign-in")
    assert result.code == 2
    assert "Leave --sign-in out." in result.err


def test_a_sign_in_is_not_given_as_text_but_may_be_taken_away(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "store", "install", "mail", "--set", "sign_in=s-9")
    assert result.code == 2
    assert "Use --sign-in" in result.err
    runtime = a_runtime(by="google")
    assert banqup(runtime, "store", "configure", "mail", "--set", "sign_in=").code == 0
    assert runtime.session.acts[0].settings == {"sign_in": None}


def test_signing_in_again_is_all_that_changes(banqup: RunBanqup) -> None:
    runtime = a_runtime(by="google")
    assert banqup(runtime, "store", "configure", "mail", "--sign-in").code == 0
    assert runtime.session.acts == [Configure(installation_id="mail-installed", settings={"sign_in": "s-1"})]
    assert runtime.session.sign_ins.begun[0].installation_id == "mail-installed"


def test_of_what_is_not_installed_nobody_is_asked_to_sign_in(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    assert banqup(runtime, "store", "configure", "mail", "--set", "by=google", "--sign-in").code == 1
    assert runtime.session.sign_ins.begun == []


def test_a_client_signs_in_for_itself_before_the_connection_is_tried(banqup: RunBanqup) -> None:
    runtime = a_runtime(by="google")
    assert banqup(runtime, "integrations", "add", "PARVIS", "mail", "--sign-in").code == 0
    (asked,) = runtime.session.sign_ins.begun
    assert (asked.installation_id, asked.client_id) == ("mail-installed", "parvis")
    assert runtime.session.tested[0].settings == {"sign_in": "s-1"}
    (act,) = runtime.session.acts
    assert isinstance(act, AddIntegration)
    assert act.settings == {"sign_in": "s-1"}


def test_an_integration_signs_in_again(banqup: RunBanqup) -> None:
    runtime = a_runtime(by="google")
    runtime.all_integrations = [an_integration("Mail", installation_id="mail-installed", effective={"by": "google"})]
    assert banqup(runtime, "integrations", "configure", "mail", "--sign-in").code == 0
    (asked,) = runtime.session.sign_ins.begun
    assert (asked.integration_id, asked.client_id) == ("mail", "parvis")
    (act,) = runtime.session.acts
    assert isinstance(act, ConfigureIntegration)
    assert act.settings == {"sign_in": "s-1"}
