"""What scripts read: exactly these keys, always all of them."""

from datetime import UTC, datetime

import msgspec

from banqup_tui.domain.delivery import Attempt, DeliveryState
from banqup_tui.domain.document import Party
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import message, text_message
from banqup_tui.domain.source import Source, SourceKind
from tests.actions.fakes import a_delivery, a_document, an_extension, an_installation, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

KEYS_OF_A_DOCUMENT = [
    *("id", "client", "folder", "kind", "number", "issueDate", "dueDate", "counterparty", "supplier", "customer"),
    *("currency", "netAmount", "vatAmount", "grossAmount", "payableAmount", "lineCount", "attachmentCount", "iban"),
    *("paymentReference", "account", "statementNumber", "openingBalance", "closingBalance", "movementCount"),
    *("accountingStatus", "fileName", "mediaType", "sha256", "createdAt", "sameAs", "duplicate"),
    *(
        "replacedBy",
        "withdrawnAt",
        "origins",
        "picture",
        "fromText",
        "suggestions",
        "overPeppol",
        "toAskFor",
        "deliveries",
    ),
]


def a_runtime() -> FakeRuntime:
    one = a_document(supplier=Party(name="Meunerie de Gembloux SA", vat_number="BE0438220759"))
    other = a_document("plain", counterparty=None, gross_amount=None, folder=Folder.OTHER_DOCUMENTS)
    return FakeRuntime(
        all_documents=[one, other],
        all_deliveries=[
            a_delivery(
                one, "sftp", DeliveryState.FAILED, attempts=4, reason=text_message("The disk is full.", "Make room.")
            )
        ],
        all_integrations=[an_integration("SFTP")],
    )


def test_clients_are_listed_with_their_counts(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "clients", "--json")
    assert result.code == 0
    assert result.array == [
        {
            "id": "parvis",
            "reference": "PARVIS",
            "name": "Boulangerie du Parvis SRL",
            "vatNumber": "BE0465123710",
            "status": "ACTIVE",
            "counts": {
                "total": 3,
                "clientActionNeeded": 0,
                "queued": 0,
                "readyToProcess": 2,
                "processed": 0,
                "error": 1,
            },
        }
    ]


def test_a_document_has_every_key_and_null_where_it_has_none(banqup: RunBanqup) -> None:
    invoice, plain = banqup(a_runtime(), "documents", "--json").array
    assert list(invoice) == KEYS_OF_A_DOCUMENT
    assert list(plain) == KEYS_OF_A_DOCUMENT
    assert invoice["client"] == {"reference": "PARVIS", "name": "Boulangerie du Parvis SRL"}
    assert invoice["supplier"] == {"name": "Meunerie de Gembloux SA", "vatNumber": "BE0438220759"}
    assert invoice["grossAmount"] == 121513
    assert invoice["deliveries"] == [
        {
            "integration": "SFTP",
            "state": "FAILED",
            "attempts": 4,
            "reason": {
                "code": "text",
                "params": {"text": "The disk is full.", "remedy": "Make room."},
                "message": "The disk is full.",
                "remedy": "Make room.",
            },
        }
    ]
    assert plain["counterparty"] is None
    assert plain["grossAmount"] is None
    assert plain["deliveries"] == []


def test_documents_of_one_client_and_folder_can_be_asked_for(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "documents", "--client", "be 0465.123.710", "--folder", "other_documents", "--json")
    assert [document["id"] for document in result.array] == ["plain"]


def test_a_client_that_is_not_there_is_one_sentence_with_the_nearest(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "documents", "--client", "PARVI", "--json")
    assert result.code == 66
    assert result.out == ""
    assert result.err == "There is no client PARVI. Did you mean PARVIS? banqup clients lists them.\n"


def test_without_a_backend_the_lists_are_of_the_copy_and_say_so(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.offline = True
    result = banqup(runtime, "clients", "--json")
    assert result.code == 0
    assert len(result.array) == 1
    assert "does not answer" in result.err


def test_what_strangers_wrote_reaches_the_terminal_without_its_control_signs(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_documents[0] = a_document(number="\x1b]0;pwned\x07\u202eNo\n7")
    result = banqup(runtime, "documents")
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out
    assert len(result.out.splitlines()) == 2


def test_deliveries_say_of_which_document_and_client_they_are(banqup: RunBanqup) -> None:
    (delivery,) = banqup(a_runtime(), "deliveries", "--id", "2026-11874", "--json").array
    assert (delivery["integration"], delivery["number"], delivery["client"]["reference"], delivery["state"]) == (
        "SFTP",
        "2026-11874",
        "PARVIS",
        "FAILED",
    )


def test_every_attempt_at_a_delivery_can_be_read(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    at = [datetime(2026, 11, 24, 9, minute, tzinfo=UTC) for minute in range(12)]
    every = [
        Attempt(
            started_at=one,
            ended_at=one,
            asked_by="anne",
            outcome="QUEUED",
            reason=text_message("Busy."),
            settings_version=3,
        )
        for one in reversed(at)
    ]
    runtime.all_deliveries = [msgspec.structs.replace(runtime.all_deliveries[0], attempts=12, log=tuple(every[:10]))]
    runtime.all_attempts[runtime.all_deliveries[0].id] = every
    (delivery,) = banqup(runtime, "deliveries", "--id", "2026-11874", "--json").array
    assert delivery["attempts"] == len(delivery["log"]) == 12
    assert delivery["log"][-1] == {
        "startedAt": "2026-11-24T09:00:00Z",
        "endedAt": "2026-11-24T09:00:00Z",
        "askedBy": "anne",
        "outcome": "QUEUED",
        "receipt": None,
        "reason": {"code": "text", "params": {"text": "Busy."}, "message": "Busy.", "remedy": ""},
        "settingsVersion": 3,
        "destination": None,
        "lookUp": False,
    }
    runtime.offline = True
    result = banqup(runtime, "deliveries", "--id", "2026-11874", "--json")
    assert len(result.array[0]["log"]) == 10
    assert "The newest 10 attempts only." in result.err


def test_deliveries_of_a_document_that_is_not_there_say_so(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "deliveries", "--id", "nothing", "--json")
    assert (result.code, result.out) == (66, "")


def test_integrations_are_listed_with_state_and_cause(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    runtime.all_integrations = [
        an_integration("SFTP", state=IntegrationState.BROKEN, cause=text_message("Sign-in expired."))
    ]
    (integration,) = banqup(runtime, "integrations", "list", "--json").array
    assert (integration["label"], integration["state"], integration["cause"]["message"]) == (
        "SFTP",
        "BROKEN",
        "Sign-in expired.",
    )
    assert integration["client"] == {"reference": "PARVIS", "name": "Boulangerie du Parvis SRL"}


ODD = message("extension.does-not-load", "No module named odd", package="odd")


def test_the_store_lists_what_is_installed(banqup: RunBanqup) -> None:
    runtime = FakeRuntime(
        all_extensions=[
            an_extension("sftp"),
            an_extension("odd", problem=ODD),
        ],
        all_installations=[an_installation("sftp")],
    )
    sftp, odd = banqup(runtime, "store", "list", "--json").array
    assert sftp["installation"]["extensionId"] == "sftp"
    assert odd["installation"] is None
    assert "does not load" in banqup(runtime, "store", "list").out


def test_sources_are_listed_with_what_they_brought(banqup: RunBanqup) -> None:
    runtime = FakeRuntime(all_sources=[Source(id="s1", kind=SourceKind.FOLDER, path="/exports", taken=7)])
    assert banqup(runtime, "sources", "list", "--json").array[0]["taken"] == 7


def test_status_ends_with_69_where_the_backend_does_not_answer(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    assert banqup(runtime, "status", "--json").code == 0
    runtime.offline, runtime.unsent = True, 3
    result = banqup(runtime, "status", "--json")
    assert result.code == 69
    assert result.array[0]["waitingHere"] == 3
