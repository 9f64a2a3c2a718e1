"""`banqup deliveries --failed`, retry, dismiss, export: by the hundred, and only what was meant."""

import csv
import io
from pathlib import Path

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.commands import Dismiss, Resend, ResumeIntegration, Send
from tests.actions.fakes import a_delivery, a_document, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime


def a_runtime(**of_sftp: object) -> FakeRuntime:
    documents = [a_document(f"2026-{at}") for at in range(4)]
    runtime = FakeRuntime(
        all_documents=documents,
        all_integrations=[an_integration("SFTP", **of_sftp), an_integration("Exact")],
    )
    for one in documents[:2]:
        reason = f"The folder /in/{one.id} may not be written to."
        runtime.all_deliveries.append(
            a_delivery(one, "sftp", DeliveryState.FAILED, reason=text_message(reason, "Allow it."))
        )
    runtime.all_deliveries += [
        a_delivery(documents[2], "exact", DeliveryState.FAILED, reason=text_message("The sign-in was refused.")),
        a_delivery(documents[3], "exact", DeliveryState.UNKNOWN, reason=text_message("It was cut off.")),
        a_delivery(documents[3], "sftp", DeliveryState.DELIVERED),
    ]
    return runtime


def test_failures_alone_can_be_listed(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "deliveries", "--failed", "--json")
    assert sorted(one["id"] for one in result.array) == ["2026-0>sftp", "2026-1>sftp", "2026-2>exact", "2026-3>exact"]
    of_one = banqup(a_runtime(), "deliveries", "--failed", "--id", "2026-3", "--json")
    assert [one["id"] for one in of_one.array] == ["2026-3>exact"]


def test_a_list_of_deliveries_says_what_happened_and_what_to_do(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "deliveries", "--failed")
    (line,) = [line for line in result.out.splitlines() if "2026-2" in line]
    assert "The sign-in was refused." in line
    assert "Send it again when the cause is mended." in line


def test_failures_are_counted_by_cause(banqup: RunBanqup) -> None:
    first, *others = banqup(a_runtime(), "deliveries", "--failed", "--group", "--json").array
    key = first.pop("key")
    assert first == {
        "extension": "sftp",
        "state": "FAILED",
        "cause": {
            "code": "text",
            "params": {"text": "The folder … may not be written to."},
            "message": "The folder … may not be written to.",
            "remedy": "",
        },
        "count": 2,
        "clients": 1,
        "integrations": [
            {
                "id": "sftp",
                "integration": "SFTP",
                "state": "ACTIVE",
                "client": {"reference": "PARVIS", "name": "Boulangerie du Parvis SRL"},
                "count": 2,
            }
        ],
    }
    assert len(others) == 2
    result = banqup(a_runtime(), "deliveries", "--failed", "--group")
    assert result.out.splitlines()[0].split() == [
        *(key, "2", "sftp", "FAILED", "1"),
        *["The", "folder", "…", "may", "not", "be", "written", "to."],
    ]


def test_a_cause_is_tried_again_by_its_words_or_its_key(banqup: RunBanqup) -> None:
    key = banqup(a_runtime(), "deliveries", "--failed", "--group", "--json").array[0]["key"]
    for named in ("may not be written", key):
        runtime = a_runtime()
        result = banqup(runtime, "deliveries", "retry", "--cause", named, "--yes")
        assert (result.code, result.err) == (0, "2 queued again.\n")
        assert runtime.session.acts == [Send(document_ids=("2026-0", "2026-1"), integration_ids=("sftp",))]


def test_one_integration_is_tried_again_and_mended_where_it_had_stopped(banqup: RunBanqup) -> None:
    runtime = a_runtime(state=IntegrationState.BROKEN)
    banqup(runtime, "deliveries", "retry", "--integration", "sftp", "--yes")
    assert [type(one) for one in runtime.session.acts] == [ResumeIntegration, Send]


def test_what_may_have_arrived_is_sent_again_only_with_a_word_of_its_own(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    banqup(runtime, "deliveries", "retry", "--extension", "exact", "--yes")
    assert [type(one) for one in runtime.session.acts] == [Send]
    runtime = a_runtime()
    banqup(runtime, "deliveries", "retry", "--extension", "exact", "--again", "--yes")
    assert [type(one) for one in runtime.session.acts] == [Send, Resend]


def test_a_paused_integration_is_left_out_and_said(banqup: RunBanqup) -> None:
    runtime = a_runtime(state=IntegrationState.PAUSED)
    result = banqup(runtime, "deliveries", "retry", "--integration", "sftp", "--yes")
    assert (result.code, runtime.session.acts) == (1, [])
    assert result.err == "2 left out: their integrations are paused or removed.\nNothing to send again.\n"


def test_failures_are_dismissed(banqup: RunBanqup) -> None:
    runtime = a_runtime()
    result = banqup(runtime, "deliveries", "dismiss", "--all", "--yes")
    assert (result.code, result.err) == (0, "4 dismissed.\n")
    (body,) = runtime.session.acts
    assert isinstance(body, Dismiss)
    assert len(body.delivery_ids) == 4


def test_without_saying_which_nothing_is_touched(banqup: RunBanqup) -> None:
    for command in ("retry", "dismiss"):
        runtime = a_runtime()
        result = banqup(runtime, "deliveries", command)
        assert (result.code, runtime.session.acts) == (2, [])
        assert "--cause TEXT" in result.err


def test_a_cause_that_nothing_failed_for_is_one_sentence(banqup: RunBanqup) -> None:
    result = banqup(a_runtime(), "deliveries", "retry", "--cause", "no such thing", "--yes")
    assert (result.code, result.out) == (66, "")
    assert result.err == "Nothing failed for no such thing. banqup deliveries --failed --group lists them.\n"


def test_failures_are_written_as_a_table_to_a_new_file_or_to_stdout(banqup: RunBanqup, tmp_path: Path) -> None:
    path = tmp_path / "failed.csv"
    assert banqup(a_runtime(), "deliveries", "export", str(path)).code == 0
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    assert len(rows) == 4
    assert rows[0]["What happened"] == "The folder /in/2026-0 may not be written to."
    again = banqup(a_runtime(), "deliveries", "export", str(path))
    assert (again.code, again.out) == (73, "")
    result = banqup(a_runtime(), "deliveries", "export", "-", "--cause", "sign-in")
    assert len(result.out.splitlines()) == 2
