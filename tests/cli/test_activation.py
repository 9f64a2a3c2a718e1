"""Activation for scripts: several at once, under a name, with older documents; and away again."""

from datetime import date

from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import ClientRow, Counts, UnderWay
from banqup_tui.protocol.commands import ConfigureIntegration, Deactivate
from tests.actions.fakes import PARVIS, an_extension, an_installation, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

ZAVEL = Client(id="zavel", reference="ZAVEL", name="Zavel SRL")


def a_runtime(*integrations: Integration) -> FakeRuntime:
    return FakeRuntime(
        all_clients=[ClientRow(client=one, counts=Counts()) for one in (PARVIS, ZAVEL)],
        all_integrations=list(integrations),
        all_extensions=[an_extension("sftp")],
        all_installations=[an_installation("sftp", settings={"path": "/in"})],
    )


def has(client_id: str = "parvis") -> Integration:
    return an_integration("Sftp", client_id=client_id, installation_id="sftp-installed", extension_id="sftp")


def test_a_second_one_of_the_same_extension_gets_a_label(banqup: RunBanqup) -> None:
    runtime = a_runtime(has())
    assert banqup(runtime, "integrations", "add", "PARVIS", "sftp", "--label", "Archive", "--no-test").code == 0
    assert runtime.session.acts[0].label == "Archive"


def test_older_documents_go_since_a_day_in_the_number_that_is_said(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.session.older = 1284
    command = ("integrations", "add", "PARVIS", "sftp", "--no-test", "--backfill", "--since", "2026-10-01")
    result = banqup(runtime, *command, "--folder", "sales_invoices")
    assert "Also 642 older documents." in result.err
    (added,) = runtime.session.acts
    assert added.folders == (Folder.SALES_INVOICES,)
    assert (added.backfill.expected, added.backfill.since) == (642, date(2026, 10, 1))


def test_a_day_that_is_none_is_refused(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    assert banqup(runtime, "integrations", "add", "PARVIS", "sftp", "--backfill", "--since", "soon").code == 2
    assert banqup(runtime, "integrations", "add", "PARVIS", "sftp", "--since", "2026-10-01").code == 2
    assert runtime.session.acts == []


def test_several_clients_are_named_one_by_one_or_in_a_list(banqup: RunBanqup) -> None:
    for names in (("PARVIS", "ZAVEL", "sftp"), ("--clients", "PARVIS, ZAVEL", "sftp")):
        runtime = a_runtime()
        result = banqup(runtime, "integrations", "add", *names, "--yes", "--no-test")
        assert result.code == 0
        assert "Zavel SRL: ready." in result.err
        assert [act.client_id for act in runtime.session.acts] == ["parvis", "zavel"]


def test_a_client_that_has_it_is_left_alone_and_one_that_needs_more_makes_it_fail(banqup: RunBanqup) -> None:
    runtime = a_runtime(has("zavel"))
    result = banqup(runtime, "integrations", "add", "PARVIS", "ZAVEL", "sftp", "--yes")
    assert (result.code, [act.client_id for act in runtime.session.acts]) == (0, ["parvis"])
    runtime = a_runtime()
    runtime.all_installations = [an_installation("sftp")]
    result = banqup(runtime, "integrations", "add", "PARVIS", "ZAVEL", "sftp", "--yes", "--no-test")
    assert result.code == 1
    assert "Zavel SRL: needs path." in result.err
    assert runtime.session.acts == []


def test_without_a_client_it_says_what_to_give(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "integrations", "add", "sftp")
    assert result.code == 2
    assert "--clients REF,REF" in result.err


def test_the_folders_of_an_integration_are_changed_later(banqup: RunBanqup) -> None:
    runtime = a_runtime(has())
    assert banqup(runtime, "integrations", "configure", "sftp", "--folder", "other_documents").code == 0
    assert runtime.session.acts == [ConfigureIntegration(integration_id="sftp", folders=(Folder.OTHER_DOCUMENTS,))]


def test_an_extension_is_deactivated_for_all(banqup: RunBanqup) -> None:
    runtime = a_runtime(has(), has("zavel"))
    runtime.session.waits = UnderWay(queued=240)
    assert banqup(runtime, "store", "deactivate", "sftp", "--yes").code == 0
    assert runtime.session.acts == [Deactivate(installation_id="sftp-installed", expected=2)]
