"""What scripts do: send, install, add, import; each ends with a code that says how it went."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banqup_tui.cli.house import Answer, Fate
from banqup_tui.domain.changes import Hindrance, RefusedChange
from banqup_tui.domain.delivery import DeliveryState
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
from tests.cli.fakes import FakeHouse

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def a_house(*deliveries) -> FakeHouse:
    return FakeHouse(
        all_documents=[a_document("A"), a_document("B", folder=Folder.SALES_INVOICES)],
        all_integrations=[an_integration("SFTP")],
        all_deliveries=list(deliveries),
        all_extensions=[an_extension("sftp")],
        all_installations=[an_installation("sftp")],
    )


def refused(detail: str, remedy: str) -> Answer:
    return Answer(key="", fate=Fate.REFUSED, problem={"title": "Refused", "detail": detail, "remedy": remedy})


def test_send_sends_what_has_not_arrived(banqup) -> None:
    house = a_house(a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED))
    said = banqup(house, "send", "--client", "PARVIS")
    assert said.code == 0
    assert house.doing.acts == [Send(document_ids=("B",), integration_ids=("sftp",))]


def test_send_leaves_out_what_is_marked_as_processed_and_says_how_many_until_it_is_asked_for(banqup) -> None:
    house = a_house()
    house.all_documents += [a_document("C", processed=True), a_document("D", processed=True)]
    said = banqup(house, "send", "--client", "PARVIS")
    assert said.code == 0
    assert house.doing.acts == [Send(document_ids=("A", "B"), integration_ids=("sftp",))]
    assert "Not sent: 2 documents marked as processed." in said.err
    assert "SFTP. What it has: 0 of 2." in said.err
    assert "--processed sends also what is marked as processed." in said.err
    house.doing.acts.clear()
    said = banqup(house, "send", "--client", "PARVIS", "--processed")
    assert house.doing.acts == [Send(document_ids=("A", "B", "C", "D"), integration_ids=("sftp",))]
    assert "marked as processed" not in said.err


def test_send_of_nothing_but_processed_documents_does_not_say_that_everything_is_there(banqup) -> None:
    house = a_house()
    house.all_documents = [a_document("C", processed=True), a_document("D", processed=True)]
    said = banqup(house, "send", "--client", "PARVIS")
    assert house.doing.acts == []
    assert "Not sent: 2 documents marked as processed." in said.err
    assert "everything is there" not in said.err


def test_send_of_one_folder_leaves_the_others(banqup) -> None:
    house = a_house()
    banqup(house, "send", "--client", "PARVIS", "--folder", "SALES_INVOICES")
    assert house.doing.acts == [Send(document_ids=("B",), integration_ids=("sftp",))]


def test_send_again_sends_another_copy_under_the_generation_seen(banqup) -> None:
    house = a_house(a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED, generation=2))
    assert banqup(house, "send", "--id", "A").code == 0
    assert house.doing.acts == []
    assert banqup(house, "send", "--id", "A", "--again").code == 0
    assert house.doing.acts == [Resend(copies=(Copy(delivery_id="A>sftp", generation=2),))]


def test_send_without_an_integration_says_why_and_fails(banqup) -> None:
    house = a_house()
    house.all_integrations = []
    said = banqup(house, "send", "--id", "A")
    assert said.code == 1
    assert said.err == "No active integration for this client.\n"


def test_send_wait_ends_with_0_once_all_is_delivered(banqup) -> None:
    house = a_house(a_delivery(a_document("A"), "sftp", DeliveryState.FAILED))

    def queued(body) -> Answer:
        house.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.QUEUED)]
        return Answer(key="", fate=Fate.DONE, result={"queued": 1, "unchanged": 0})

    def delivered(house: FakeHouse) -> None:
        house.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.DELIVERED)]

    house.answer, house.on_change = queued, delivered
    said = banqup(house, "send", "--id", "A", "--wait", "--json")
    assert said.code == 0
    assert [one["state"] for one in said.array] == ["DELIVERED"]
    assert "1 of 1 delivered, 0 under way." in said.err


def test_send_wait_ends_with_1_and_the_reason_if_something_failed(banqup) -> None:
    house = a_house()

    def failed(body) -> Answer:
        house.all_deliveries = [
            a_delivery(
                a_document("A"),
                "sftp",
                DeliveryState.FAILED,
                reason=text_message("The disk is full.", "Make room there."),
            )
        ]
        return Answer(key="", fate=Fate.DONE, result={"queued": 1})

    house.answer = failed
    said = banqup(house, "send", "--id", "A", "--wait")
    assert said.code == 1
    assert "1 not delivered: The disk is full. Make room there." in said.err


def test_send_wait_ends_with_75_if_the_time_is_up_first(banqup) -> None:
    house = a_house()

    def queued(body) -> Answer:
        house.all_deliveries = [a_delivery(a_document("A"), "sftp", DeliveryState.SENDING)]
        return Answer(key="", fate=Fate.DONE, result={"queued": 1})

    house.answer = queued
    assert banqup(house, "send", "--id", "A", "--wait", "--timeout", "0").code == 75


def test_send_without_a_backend_is_kept(banqup) -> None:
    house = a_house()
    house.offline = True
    said = banqup(house, "send", "--id", "A")
    assert said.code == 75
    assert "Kept on this computer" in said.err
    assert len(house.doing.acts) == 1


def test_send_says_what_to_give_it(banqup) -> None:
    said = banqup(a_house(), "send")
    assert said.code == 2
    assert "--id ID, or --client REF" in said.err


def test_an_extension_is_installed_with_settings_read_by_its_schema(banqup) -> None:
    house = a_house()
    house.all_installations = []
    assert banqup(house, "store", "install", "sftp", "--set", "path=/srv/in/[external_id]/[folder]").code == 0
    (install,) = house.doing.acts
    assert isinstance(install, Install)
    assert install.settings == {"path": "/srv/in/[external_id]/[folder]"}


def test_a_setting_that_does_not_exist_names_the_nearest(banqup) -> None:
    house = a_house()
    house.all_installations = []
    said = banqup(house, "store", "install", "sftp", "--set", "paht=/srv")
    assert said.code == 2
    assert said.err == "There is no setting paht. Did you mean path?\n"
    assert house.doing.acts == []


def test_an_extension_that_does_not_exist_names_the_nearest(banqup) -> None:
    said = banqup(a_house(), "store", "install", "sftpp")
    assert said.code == 66
    assert "Did you mean sftp?" in said.err


def test_a_setting_is_changed_and_taken_away(banqup) -> None:
    house = a_house()
    banqup(house, "store", "configure", "sftp", "--set", "path=")
    assert house.doing.acts == [Configure(installation_id="sftp-installed", settings={"path": None})]


def test_a_refusal_is_one_sentence_with_its_remedy(banqup) -> None:
    house = a_house()
    house.answer = lambda body: refused("The folder cannot be written.", "Choose another one.")
    said = banqup(house, "store", "configure", "sftp", "--set", "path=/root")
    assert said.code == 1
    assert said.err == "The folder cannot be written. Choose another one.\n"


def test_an_integration_is_added_after_its_connection_was_tried(banqup) -> None:
    house = a_house()
    said = banqup(house, "integrations", "add", "PARVIS", "sftp", "--set", "path=/in")
    assert said.code == 0
    assert house.doing.tested[0].settings == {"path": "/in"}
    (added,) = house.doing.acts
    assert isinstance(added, AddIntegration)
    assert (added.client_id, added.settings, added.backfill) == ("parvis", {"path": "/in"}, None)
    assert "Sftp is active for Boulangerie du Parvis SRL." in said.err
    assert "takes it back" not in said.err


def test_no_test_adds_it_without_trying(banqup) -> None:
    house = a_house()
    banqup(house, "integrations", "add", "PARVIS", "sftp", "--no-test")
    assert house.doing.tested == []


def test_an_extension_that_is_not_installed_says_how_to_install_it(banqup) -> None:
    house = a_house()
    house.all_installations = []
    said = banqup(house, "integrations", "add", "PARVIS", "sftp")
    assert said.code == 66
    assert "banqup store install sftp" in said.err


def test_an_integration_is_paused_and_removed(banqup) -> None:
    house = a_house()
    assert banqup(house, "integrations", "pause", "sftp").code == 0
    assert banqup(house, "integrations", "resume", "sftp").code == 0
    assert banqup(house, "integrations", "remove", "sftp", "--yes").code == 0
    assert [type(act) for act in house.doing.acts] == [PauseIntegration, RemoveIntegration]


def test_import_says_of_each_file_what_became_of_it_and_goes_on(banqup, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.xml", "b.xml", "c.xml"):
        (folder / name).write_text(name)
    (folder / "empty.xml").touch()
    house = a_house()

    def answer(body: ImportFile) -> Answer:
        if body.file_name == "b.xml":
            return refused("No client has the VAT number BE0999999922.", "Import it with --create-clients.")
        taken = {
            "documentId": body.file_name,
            "clientId": "parvis",
            "folder": "PURCHASE_INVOICES",
            "outcome": "KNOWN" if body.file_name == "c.xml" else "NEW",
        }
        return Answer(key="", fate=Fate.DONE, result={"documents": [taken]})

    house.answer = answer
    said = banqup(house, "import", str(folder), "--json")
    assert said.code == 1
    assert [(value["path"].rpartition("/")[2], value["outcome"]) for value in said.array] == [
        ("a.xml", "TAKEN"),
        ("b.xml", "REFUSED"),
        ("c.xml", "KNOWN"),
        ("empty.xml", "REFUSED"),
    ]
    lines = said.err.splitlines()
    assert lines[0].endswith("a.xml: taken (Boulangerie du Parvis SRL, purchase invoices)")
    assert lines[1].endswith(
        "b.xml: refused. No client has the VAT number BE0999999922. Import it with --create-clients."
    )
    assert lines[-1] == "1 taken, 1 known already, 2 refused."


def test_import_gives_the_path_below_the_folder_as_a_hint(banqup, tmp_path: Path) -> None:
    (tmp_path / "export" / "PARVIS" / "sales").mkdir(parents=True)
    (tmp_path / "export" / "PARVIS" / "sales" / "1.pdf").write_text("x")
    house = a_house()
    banqup(house, "import", str(tmp_path / "export"), "--create-clients")
    (given,) = house.doing.acts
    assert (given.path, given.create_clients) == ("PARVIS/sales/1.pdf", True)


def test_import_without_a_backend_keeps_the_files(banqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("x")
    house = a_house()
    house.offline = True
    said = banqup(house, "import", str(tmp_path / "a.xml"))
    assert said.code == 75
    assert said.err.splitlines()[-1] == "0 taken, 0 known already, 0 refused, 1 kept here."


def test_import_for_a_client_that_is_not_there_takes_nothing(banqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("x")
    house = a_house()
    assert banqup(house, "import", str(tmp_path / "a.xml"), "--client", "nobody").code == 66
    assert house.doing.acts == []


def test_a_folder_is_watched(banqup, tmp_path: Path) -> None:
    house = a_house()
    assert banqup(house, "sources", "add", "folder", str(tmp_path)).code == 0
    (added,) = house.doing.acts
    assert isinstance(added, AddSource)
    assert added.path == str(tmp_path)
    assert banqup(house, "sources", "add", "folder", str(tmp_path / "none")).code == 66


def a_change(key: str = "change-1", **more: Any) -> RefusedChange:
    known = {"what": "2 deliveries queued for A", "kind": "SEND", "at": NOON, "clients": ("Boulangerie du Parvis SRL",)}
    return RefusedChange(key=key, **known | more)


def test_refused_changes_are_listed_with_what_when_for_whom_why_and_what_to_do(banqup) -> None:
    house = a_house()
    house.looked_at = [
        a_change(reason=text_message("Its integration is paused.", "Resume it."), documents=("A",), document_count=1),
        a_change("change-2", what="Import a.xml", kind="IMPORT_FILE", expired=True, clients=()),
    ]
    out = banqup(house, "changes", "list").out
    for wanted in ("change-1", "2 deliveries queued for A", "Boulangerie du Parvis SRL", "Its integration is paused.",
                   "Resume it.", "Import a.xml", "It may have been done.", "Look whether it was done"):  # fmt: skip
        assert wanted in out
    first, second = banqup(house, "changes", "list", "--json").array
    assert (first["state"], first["canBeRetried"]) == ("REFUSED", True)
    assert first["reason"]["message"] == "Its integration is paused."
    assert (second["state"], second["reason"], second["clients"]) == ("EXPIRED", None, [])


def test_refused_changes_are_tried_again_or_cleared_one_or_all(banqup) -> None:
    house = a_house()
    house.answer = lambda _body: Answer(key="", fate=Fate.DONE, result={})
    house.looked_at = [a_change("change-one"), a_change("change-two")]
    assert banqup(house, "changes", "clear", "change-o").code == 0
    assert house.doing.cleared == ["change-one"]
    assert banqup(house, "changes", "clear", "--all").code == 0
    assert house.doing.cleared == ["change-one", "change-two"]
    assert banqup(house, "changes", "retry", "change-two").code == 0
    assert house.doing.retried == ["change-two"]
    assert banqup(house, "changes", "retry").code == 2
    assert banqup(house, "changes", "retry", "nothing-of-it").code == 66


def test_a_change_that_cannot_be_tried_again_says_why_and_stays(banqup) -> None:
    house = a_house()
    house.looked_at = [a_change(hindrance=Hindrance.FILE_GONE)]
    house.doing.can_be_retried = ()
    said = banqup(house, "changes", "retry", "--all")
    assert said.code == 1
    assert "Its file is not kept here any more: import it again." in said.err


def test_a_file_that_waits_to_be_placed_is_said_to_wait_and_is_not_refused(banqup, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    house = a_house()
    problem = {"type": "cannot-place", "detail": "The file does not say whose it is.", "remedy": "Say whose it is."}
    house.answer = lambda _body: Answer(key="", fate=Fate.REFUSED, problem=problem)
    said = banqup(house, "import", str(tmp_path / "a.xml"), "--json")
    assert said.code == 1
    assert said.array[0]["outcome"] == "TO_PLACE"
    assert "waits under To place. The file does not say whose it is." in said.err
    assert "0 refused" in said.err
    assert "1 to place" in said.err


def test_sync_tells_what_was_refused(banqup) -> None:
    house = a_house()
    house.looked_at = [a_change(reason=text_message("Its integration is paused.", "Resume it."))]
    said = banqup(house, "sync")
    assert said.code == 0
    assert "Refused: 2 deliveries queued for A. Its integration is paused. Resume it." in said.err
    assert "banqup changes tries them again" in said.err
    house.offline = True
    assert banqup(house, "sync").code == 69
