"""What scripts do: send, install, add, import; each ends with a code that says how it went."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banqup_tui.cli.runtime import CommandAnswer, Fate
from banqup_tui.domain.changes import Hindrance, RefusedChange
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.commands import (
    AddIntegration,
    AddSource,
    Configure,
    Copy,
    ImportFile,
    Install,
    PauseIntegration,
    RemoveIntegration,
    Resend,
    Send,
)
from tests.actions.fakes import a_delivery, a_document, an_extension, an_installation, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def a_runtime(*deliveries: Delivery) -> FakeRuntime:
    return FakeRuntime(
        all_documents=[a_document("A"), a_document("B", folder=Folder.SALES_INVOICES)],
        all_integrations=[an_integration("SFTP")],
        all_deliveries=list(deliveries),
        all_extensions=[an_extension("sftp")],
        all_installations=[an_installation("sftp")],
    )


def refused(detail: str, remedy: str) -> CommandAnswer:
    return CommandAnswer(key="", fate=Fate.REFUSED, problem={"title": "Refused", "detail": detail, "remedy": remedy})


def test_send_sends_what_has_not_arrived(banqup: RunBanqup) -> None:
    runtime = a_runtime(a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED))
    printed = banqup(runtime, "send", "--client", "PARVIS")
    assert printed.code == 0
    assert runtime.session.acts == [Send(document_ids=("B",), integration_ids=("sftp",))]


def test_send_leaves_out_what_is_marked_as_processed_and_says_how_many_until_it_is_asked_for(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_documents += [a_document("C", processed=True), a_document("D", processed=True)]
    printed = banqup(runtime, "send", "--client", "PARVIS")
    assert printed.code == 0
    assert runtime.session.acts == [Send(document_ids=("A", "B"), integration_ids=("sftp",))]
    assert "Not sent: 2 documents marked as processed." in printed.err
    assert "SFTP. What it has: 0 of 2." in printed.err
    assert "--processed sends also what is marked as processed." in printed.err
    runtime.session.acts.clear()
    printed = banqup(runtime, "send", "--client", "PARVIS", "--processed")
    assert runtime.session.acts == [Send(document_ids=("A", "B", "C", "D"), integration_ids=("sftp",))]
    assert "marked as processed" not in printed.err


def test_send_of_nothing_but_processed_documents_does_not_say_that_everything_is_there(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_documents = [a_document("C", processed=True), a_document("D", processed=True)]
    printed = banqup(runtime, "send", "--client", "PARVIS")
    assert runtime.session.acts == []
    assert "Not sent: 2 documents marked as processed." in printed.err
    assert "everything is there" not in printed.err


def test_send_of_one_folder_leaves_the_others(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    banqup(runtime, "send", "--client", "PARVIS", "--folder", "SALES_INVOICES")
    assert runtime.session.acts == [Send(document_ids=("B",), integration_ids=("sftp",))]


def test_send_again_sends_another_copy_under_the_generation_seen(banqup: RunBanqup) -> None:
    runtime = a_runtime(a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED, generation=2))
    assert banqup(runtime, "send", "--id", "A").code == 0
    assert runtime.session.acts == []
    assert banqup(runtime, "send", "--id", "A", "--again").code == 0
    assert runtime.session.acts == [Resend(copies=(Copy(delivery_id="A>sftp", generation=2),))]


def test_send_without_an_integration_says_why_and_fails(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_integrations = []
    printed = banqup(runtime, "send", "--id", "A")
    assert printed.code == 1
    assert printed.err == "No active integration for this client.\n"


def test_send_wait_ends_with_0_once_all_is_delivered(banqup: RunBanqup) -> None:
    runtime = a_runtime(a_delivery(a_document("A"), "sftp", DeliveryState.FAILED))

    def queued(body: object) -> CommandAnswer:
        runtime.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.QUEUED)]
        return CommandAnswer(key="", fate=Fate.DONE, result={"queued": 1, "unchanged": 0})

    def delivered(runtime: FakeRuntime) -> None:
        runtime.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED)]

    runtime.answer, runtime.on_change = queued, delivered
    printed = banqup(runtime, "send", "--id", "A", "--wait", "--json")
    assert printed.code == 0
    assert [one["state"] for one in printed.array] == ["DELIVERED"]
    assert "1 of 1 delivered, 0 under way." in printed.err


def test_send_wait_ends_with_1_and_the_reason_if_something_failed(banqup: RunBanqup) -> None:
    runtime = a_runtime()

    def failed(body: object) -> CommandAnswer:
        runtime.all_deliveries = [
            a_delivery(
                a_document("A"),
                "sftp",
                DeliveryState.FAILED,
                reason=text_message("The disk is full.", "Make room there."),
            )
        ]
        return CommandAnswer(key="", fate=Fate.DONE, result={"queued": 1})

    runtime.answer = failed
    printed = banqup(runtime, "send", "--id", "A", "--wait")
    assert printed.code == 1
    assert "1 not delivered: The disk is full. Make room there." in printed.err


def test_send_wait_ends_with_75_if_the_time_is_up_first(banqup: RunBanqup) -> None:
    runtime = a_runtime()

    def queued(body: object) -> CommandAnswer:
        runtime.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.SENDING)]
        return CommandAnswer(key="", fate=Fate.DONE, result={"queued": 1})

    runtime.answer = queued
    assert banqup(runtime, "send", "--id", "A", "--wait", "--timeout", "0").code == 75


def test_send_without_a_backend_is_kept(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.offline = True
    printed = banqup(runtime, "send", "--id", "A")
    assert printed.code == 75
    assert "Kept on this computer" in printed.err
    assert len(runtime.session.acts) == 1


def test_send_says_what_to_give_it(banqup: RunBanqup) -> None:
    printed = banqup(a_runtime(), "send")
    assert printed.code == 2
    assert "--id ID, or --client REF" in printed.err


def test_an_extension_is_installed_with_settings_read_by_its_schema(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_installations = []
    assert banqup(runtime, "store", "install", "sftp", "--set", "path=/srv/in/[external_id]/[folder]").code == 0
    (install,) = runtime.session.acts
    assert isinstance(install, Install)
    assert install.settings == {"path": "/srv/in/[external_id]/[folder]"}


def test_a_setting_that_does_not_exist_names_the_nearest(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_installations = []
    printed = banqup(runtime, "store", "install", "sftp", "--set", "paht=/srv")
    assert printed.code == 2
    assert printed.err == "There is no setting paht. Did you mean path?\n"
    assert runtime.session.acts == []


def test_an_extension_that_does_not_exist_names_the_nearest(banqup: RunBanqup) -> None:
    printed = banqup(a_runtime(), "store", "install", "sftpp")
    assert printed.code == 66
    assert "Did you mean sftp?" in printed.err


def test_a_setting_is_changed_and_taken_away(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    banqup(runtime, "store", "configure", "sftp", "--set", "path=")
    assert runtime.session.acts == [Configure(installation_id="sftp-installed", settings={"path": None})]


def test_a_refusal_is_one_sentence_with_its_remedy(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.answer = lambda body: refused("The folder cannot be written.", "Choose another one.")
    printed = banqup(runtime, "store", "configure", "sftp", "--set", "path=/root")
    assert printed.code == 1
    assert printed.err == "The folder cannot be written. Choose another one.\n"


def test_an_integration_is_added_after_its_connection_was_tried(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    printed = banqup(runtime, "integrations", "add", "PARVIS", "sftp", "--set", "path=/in")
    assert printed.code == 0
    assert runtime.session.tested[0].settings == {"path": "/in"}
    (added,) = runtime.session.acts
    assert isinstance(added, AddIntegration)
    assert (added.client_id, added.settings, added.backfill) == ("parvis", {"path": "/in"}, None)
    assert "Sftp is active for Boulangerie du Parvis SRL." in printed.err
    assert "takes it back" not in printed.err


def test_no_test_adds_it_without_trying(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    banqup(runtime, "integrations", "add", "PARVIS", "sftp", "--no-test")
    assert runtime.session.tested == []


def test_an_extension_that_is_not_installed_says_how_to_install_it(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_installations = []
    printed = banqup(runtime, "integrations", "add", "PARVIS", "sftp")
    assert printed.code == 66
    assert "banqup store install sftp" in printed.err


def test_an_integration_is_paused_and_removed(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    assert banqup(runtime, "integrations", "pause", "sftp").code == 0
    assert banqup(runtime, "integrations", "resume", "sftp").code == 0
    assert banqup(runtime, "integrations", "remove", "sftp", "--yes").code == 0
    assert [type(act) for act in runtime.session.acts] == [PauseIntegration, RemoveIntegration]


def test_import_says_of_each_file_what_became_of_it_and_goes_on(banqup: RunBanqup, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.xml", "b.xml", "c.xml"):
        (folder / name).write_text(name)
    (folder / "empty.xml").touch()
    runtime = a_runtime()

    def answer(body: ImportFile) -> CommandAnswer:
        if body.file_name == "b.xml":
            return refused("No client has the VAT number BE0999999922.", "Import it with --create-clients.")
        taken = {
            "documentId": body.file_name,
            "clientId": "parvis",
            "folder": "PURCHASE_INVOICES",
            "outcome": "KNOWN" if body.file_name == "c.xml" else "NEW",
        }
        return CommandAnswer(key="", fate=Fate.DONE, result={"documents": [taken]})

    runtime.answer = answer
    printed = banqup(runtime, "import", str(folder), "--json")
    assert printed.code == 1
    assert [(value["path"].rpartition("/")[2], value["outcome"]) for value in printed.array] == [
        ("a.xml", "TAKEN"),
        ("b.xml", "REFUSED"),
        ("c.xml", "KNOWN"),
        ("empty.xml", "REFUSED"),
    ]
    lines = printed.err.splitlines()
    assert lines[0].endswith("a.xml: taken (Boulangerie du Parvis SRL, purchase invoices)")
    assert lines[1].endswith(
        "b.xml: refused. No client has the VAT number BE0999999922. Import it with --create-clients."
    )
    assert lines[-1] == "1 taken, 1 known already, 2 refused."


def test_import_gives_the_path_below_the_folder_as_a_hint(banqup: RunBanqup, tmp_path: Path) -> None:
    (tmp_path / "export" / "PARVIS" / "sales").mkdir(parents=True)
    (tmp_path / "export" / "PARVIS" / "sales" / "1.pdf").write_text("x")
    runtime = a_runtime()
    banqup(runtime, "import", str(tmp_path / "export"), "--create-clients")
    (values,) = runtime.session.acts
    assert (values.path, values.create_clients) == ("PARVIS/sales/1.pdf", True)


def test_import_without_a_backend_keeps_the_files(banqup: RunBanqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("x")
    runtime = a_runtime()
    runtime.offline = True
    printed = banqup(runtime, "import", str(tmp_path / "a.xml"))
    assert printed.code == 75
    assert printed.err.splitlines()[-1] == "0 taken, 0 known already, 0 refused, 1 kept here."


def test_import_for_a_client_that_is_not_there_takes_nothing(banqup: RunBanqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("x")
    runtime = a_runtime()
    assert banqup(runtime, "import", str(tmp_path / "a.xml"), "--client", "nobody").code == 66
    assert runtime.session.acts == []


def test_a_folder_is_watched(banqup: RunBanqup, tmp_path: Path) -> None:
    runtime = a_runtime()
    assert banqup(runtime, "sources", "add", "folder", str(tmp_path)).code == 0
    (added,) = runtime.session.acts
    assert isinstance(added, AddSource)
    assert added.path == str(tmp_path)
    assert banqup(runtime, "sources", "add", "folder", str(tmp_path / "none")).code == 66


def a_change(key: str = "change-1", **more: Any) -> RefusedChange:
    known: dict[str, Any] = {
        "what": "2 deliveries queued for A",
        "kind": "SEND",
        "at": NOON,
        "clients": ("Boulangerie du Parvis SRL",),
    }
    return RefusedChange(key=key, **known | more)


def test_refused_changes_are_listed_with_what_when_for_whom_why_and_what_to_do(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.looked_at = [
        a_change(reason=text_message("Its integration is paused.", "Resume it."), documents=("A",), document_count=1),
        a_change("change-2", what="Import a.xml", kind="IMPORT_FILE", expired=True, clients=()),
    ]
    out = banqup(runtime, "changes", "list").out
    for wanted in ("change-1", "2 deliveries queued for A", "Boulangerie du Parvis SRL", "Its integration is paused.",
                   "Resume it.", "Import a.xml", "It may have been done.", "Look whether it was done"):  # fmt: skip
        assert wanted in out
    first, second = banqup(runtime, "changes", "list", "--json").array
    assert (first["state"], first["canBeRetried"]) == ("REFUSED", True)
    assert first["reason"]["message"] == "Its integration is paused."
    assert (second["state"], second["reason"], second["clients"]) == ("EXPIRED", None, [])


def test_refused_changes_are_tried_again_or_cleared_one_or_all(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.answer = lambda _body: CommandAnswer(key="", fate=Fate.DONE, result={})
    runtime.looked_at = [a_change("change-one"), a_change("change-two")]
    assert banqup(runtime, "changes", "clear", "change-o").code == 0
    assert runtime.session.cleared == ["change-one"]
    assert banqup(runtime, "changes", "clear", "--all").code == 0
    assert runtime.session.cleared == ["change-one", "change-two"]
    assert banqup(runtime, "changes", "retry", "change-two").code == 0
    assert runtime.session.retried == ["change-two"]
    assert banqup(runtime, "changes", "retry").code == 2
    assert banqup(runtime, "changes", "retry", "nothing-of-it").code == 66


def test_a_change_that_cannot_be_tried_again_says_why_and_stays(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.looked_at = [a_change(hindrance=Hindrance.FILE_GONE)]
    runtime.session.can_be_retried = ()
    printed = banqup(runtime, "changes", "retry", "--all")
    assert printed.code == 1
    assert "Its file is not kept here any more: import it again." in printed.err


def test_a_file_that_waits_to_be_placed_is_said_to_wait_and_is_not_refused(banqup: RunBanqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    runtime = a_runtime()
    waiting = {"reason": {"code": "placing.nobody-named", "params": {}}, "fileName": "", "position": ""}
    runtime.answer = lambda _body: CommandAnswer(key="", fate=Fate.DONE, result={"documents": [], "waiting": [waiting]})
    printed = banqup(runtime, "import", str(tmp_path / "a.xml"), "--json")
    assert printed.code == 1
    assert printed.array[0]["outcome"] == "TO_PLACE"
    assert "waits under To place. The file does not say whose it is." in printed.err
    assert "0 refused" in printed.err
    assert "1 to place" in printed.err


def test_sync_tells_what_was_refused(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.looked_at = [a_change(reason=text_message("Its integration is paused.", "Resume it."))]
    printed = banqup(runtime, "sync")
    assert printed.code == 0
    assert "Refused: 2 deliveries queued for A. Its integration is paused. Resume it." in printed.err
    assert "banqup changes tries them again" in printed.err
    runtime.offline = True
    assert banqup(runtime, "sync").code == 69
