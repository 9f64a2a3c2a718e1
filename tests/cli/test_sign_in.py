"""`--sign-in`: in the browser, from the command line."""

import os
import pty
from collections.abc import Iterator

import pytest

from banqup_tui.cli import sign_in
from banqup_tui.protocol.commands import AddIntegration, Configure, ConfigureIntegration, Install
from banqup_tui.protocol.problems import Problem
from tests.actions.fakes import an_extension, an_installation, an_integration
from tests.cli.fakes import FakeHouse

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


def a_house(**installed) -> FakeHouse:
    house = FakeHouse(all_extensions=[an_extension("mail"), an_extension("sftp")])
    house.all_extensions[0].settings_schema.clear()
    house.all_extensions[0].settings_schema.update(SCHEMA)
    if installed:
        house.all_installations = [an_installation("mail", settings=installed)]
    return house


def test_the_address_is_said_and_once_signed_in_the_extension_is_installed(banqup) -> None:
    house = a_house()
    said = banqup(house, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert said.code == 0
    assert "Sign in at Microsoft 365: open this address in a browser" in said.err
    assert f"\n{house.doing.sign_ins.url}\n" in said.err
    assert "paste" not in said.err
    assert said.out == ""
    (asked,) = house.doing.sign_ins.begun
    assert (asked.extension_id, asked.field, asked.settings) == ("mail", "sign_in", {"by": "microsoft"})
    (act,) = house.doing.acts
    assert isinstance(act, Install)
    assert act.settings == {"by": "microsoft", "sign_in": "s-1"}


def test_a_person_pastes_the_address_and_is_told_of_a_wrong_one(banqup, person: int) -> None:
    house = a_house()
    house.doing.sign_ins.looks = 1_000_000
    os.write(person, b"http://localhost:40123/?code=\n\nhttp://localhost:40123/?code=c&state=s-1\n")
    said = banqup(house, "store", "install", "mail", "--set", "by=google", "--sign-in")
    assert said.code == 0
    assert "If the browser then cannot open http://localhost:40123/" in said.err
    assert "This is not the address. Copy the whole of it." in said.err
    assert house.doing.sign_ins.returned == ["http://localhost:40123/?code=", house.doing.sign_ins.right]
    assert house.doing.acts[0].settings["sign_in"] == "s-1"


def test_refused_it_says_why_and_nothing_is_installed(banqup) -> None:
    house = a_house()
    house.doing.sign_ins.refusal = ("The provider said no.", "Ask the administrator.")
    said = banqup(house, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert said.code == 1
    assert "The provider said no. Ask the administrator." in said.err
    assert house.doing.acts == []


def test_what_it_lacks_is_said(banqup) -> None:
    house = a_house()
    house.doing.sign_ins.problem = Problem(type="invalid-settings", title="ID is missing.", remedy="Give client_id.")
    said = banqup(house, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert (said.code, said.err.strip()) == (1, "ID is missing. Give client_id.")


def test_where_nobody_signs_in_it_comes_to_an_end(banqup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SECONDS_TO_SIGN_IN", 0.0)
    house = a_house()
    house.doing.sign_ins.looks = 1_000_000
    said = banqup(house, "store", "install", "mail", "--set", "by=microsoft", "--sign-in")
    assert said.code == 75
    assert "Nobody has signed in." in said.err


def test_without_a_choice_that_asks_for_it_the_choice_is_named(banqup) -> None:
    said = banqup(a_house(), "store", "install", "mail", "--sign-in")
    assert said.code == 2
    assert "Give --set by=microsoft|google with it." in said.err
    said = banqup(a_house(), "store", "install", "sftp", "--sign-in")
    assert said.code == 2
    assert "Leave --sign-in out." in said.err


def test_a_sign_in_is_not_given_as_text_but_may_be_taken_away(banqup) -> None:
    said = banqup(a_house(), "store", "install", "mail", "--set", "sign_in=s-9")
    assert said.code == 2
    assert "Use --sign-in" in said.err
    house = a_house(by="google")
    assert banqup(house, "store", "configure", "mail", "--set", "sign_in=").code == 0
    assert house.doing.acts[0].settings == {"sign_in": None}


def test_signing_in_again_is_all_that_changes(banqup) -> None:
    house = a_house(by="google")
    assert banqup(house, "store", "configure", "mail", "--sign-in").code == 0
    assert house.doing.acts == [Configure(installation_id="mail-installed", settings={"sign_in": "s-1"})]
    assert house.doing.sign_ins.begun[0].installation_id == "mail-installed"


def test_of_what_is_not_installed_nobody_is_asked_to_sign_in(banqup) -> None:
    house = a_house()
    assert banqup(house, "store", "configure", "mail", "--set", "by=google", "--sign-in").code == 1
    assert house.doing.sign_ins.begun == []


def test_a_client_signs_in_for_itself_before_the_connection_is_tried(banqup) -> None:
    house = a_house(by="google")
    assert banqup(house, "integrations", "add", "PARVIS", "mail", "--sign-in").code == 0
    (asked,) = house.doing.sign_ins.begun
    assert (asked.installation_id, asked.client_id) == ("mail-installed", "parvis")
    assert house.doing.tested[0].settings == {"sign_in": "s-1"}
    (act,) = house.doing.acts
    assert isinstance(act, AddIntegration)
    assert act.settings == {"sign_in": "s-1"}


def test_an_integration_signs_in_again(banqup) -> None:
    house = a_house(by="google")
    house.all_integrations = [an_integration("Mail", installation_id="mail-installed", effective={"by": "google"})]
    assert banqup(house, "integrations", "configure", "mail", "--sign-in").code == 0
    (asked,) = house.doing.sign_ins.begun
    assert (asked.integration_id, asked.client_id) == ("mail", "parvis")
    (act,) = house.doing.acts
    assert isinstance(act, ConfigureIntegration)
    assert act.settings == {"sign_in": "s-1"}
