"""`banqup clients add`, `edit`, `archive`, `restore`."""

from pathlib import Path

import msgspec
import pytest

from banqup_tui.domain.client import ClientStatus
from banqup_tui.protocol.commands import CreateClient, EditClient, SetArchived
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


def archived(runtime: FakeRuntime) -> None:
    (row,) = runtime.all_clients
    client = msgspec.structs.replace(row.client, status=ClientStatus.ARCHIVED)
    runtime.all_clients = [msgspec.structs.replace(row, client=client)]


def test_a_client_is_added_with_all_that_is_known(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    ran = banqup(
        runtime, "clients", "add", "Fournil SRL", "--vat-number", "be 0912.345.673",
        "--iban", "BE56 3631 2345 6788", "--iban", "BE43 0689 9999 9501", "--language", "fr-BE",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "Fournil SRL is added.\n")
    (body,) = runtime.session.acts
    assert isinstance(body, CreateClient)
    assert (body.vat_number, body.accounts) == ("BE0912345673", ("BE56363123456788", "BE43068999999501"))


def test_what_is_wrong_is_said_before_anything_is_sent(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    ran = banqup(runtime, "clients", "add", "Fournil", "--vat-number", "BE0912345600", "--iban", "BE00")
    assert ran.code == 1
    assert "BE0912345600 is no VAT number." in ran.err
    assert "BE00 is no IBAN." in ran.err
    assert runtime.session.acts == []


def test_what_is_not_named_stays_and_an_empty_value_goes(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    before = runtime.all_clients[0].client
    assert banqup(runtime, "clients", "edit", "PARVIS", "--city", "Liège", "--vat-number", "").code == 0
    (body,) = runtime.session.acts
    assert isinstance(body, EditClient)
    assert (body.before.vat_number, body.details.vat_number) == (before.vat_number, None)
    assert (body.details.name, body.details.city) == (before.name, "Liège")


def test_without_a_change_nothing_is_sent(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    ran = banqup(runtime, "clients", "edit", "PARVIS", "--name", runtime.all_clients[0].client.name)
    assert (ran.code, ran.err, runtime.session.acts) == (0, "Nothing to change.\n", [])


def test_an_archived_client_leaves_the_list_and_comes_back(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    assert banqup(runtime, "clients", "archive", "PARVIS").err == "1 client archived.\n"
    archived(runtime)
    assert "PARVIS" not in banqup(runtime, "clients").out
    assert "PARVIS" in banqup(runtime, "clients", "--archived").out
    assert banqup(runtime, "clients", "restore", "PARVIS").err == "1 client brought back.\n"
    assert [body.archived for body in runtime.session.acts if isinstance(body, SetArchived)] == [True, False]
    assert banqup(runtime, "clients", "archive", "PARVIS").err == "Nothing to change.\n"


def test_with_the_server_away_it_is_kept(banqup: RunBanqup, runtime: FakeRuntime) -> None:
    runtime.offline = True
    ran = banqup(runtime, "clients", "add", "Fournil")
    assert ran.code == 75
    assert "Kept on this computer" in ran.err


SHEET = "External reference;Legal name;VAT;City\nPARVIS;;;Seraing\n;Fournil SRL;BE0912345673;\n"


def test_a_sheet_is_previewed_and_then_done_in_one_step(
    banqup: RunBanqup, runtime: FakeRuntime, tmp_path: Path
) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(SHEET)
    preview = banqup(runtime, "clients", "import", str(file), "--dry-run")
    assert (preview.code, runtime.session.acts) == (0, [])
    assert "1 new, 1 changed, 0 the same, 0 wrong." in preview.err
    assert banqup(runtime, "clients", "import", str(file)).code == 0
    edited, created = runtime.session.acts
    assert isinstance(edited, EditClient)
    assert isinstance(created, CreateClient)
    assert (edited.details.city, created.name) == ("Seraing", "Fournil SRL")


def test_while_a_row_is_wrong_nothing_is_done(banqup: RunBanqup, runtime: FakeRuntime, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(SHEET + ";Garage SA;BE0911111100;\n")
    ran = banqup(runtime, "clients", "import", str(file))
    assert (ran.code, runtime.session.acts) == (1, [])
    assert "BE0911111100 is no VAT number." in ran.out
    assert "Nothing was done." in ran.err
    assert banqup(runtime, "clients", "import", str(file), "--skip-wrong").code == 0
    assert len(runtime.session.acts) == 2


def test_the_clients_are_written_into_a_sheet(banqup: RunBanqup, runtime: FakeRuntime, tmp_path: Path) -> None:
    file = tmp_path / "clients.xlsx"
    assert banqup(runtime, "clients", "export", str(file)).code == 0
    ran = banqup(runtime, "clients", "import", str(file))
    assert "0 new, 0 changed, 1 the same, 0 wrong." in ran.err
    assert runtime.session.acts == []
