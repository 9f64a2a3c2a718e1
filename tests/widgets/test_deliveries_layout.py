"""What a user reads of a delivery: each attempt with its time, its length, who asked, the answer, and the settings."""

from datetime import UTC, datetime, timedelta

from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.domain.messages import text_message
from banqup_tui.presentation.formats import shown
from banqup_tui.widgets.layouts.deliveries import delivery_details

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def an_attempt(minute: int, outcome: str, **more: object) -> Attempt:
    known = {"started_at": NOON + timedelta(minutes=minute), "outcome": outcome, "settings_version": 2}
    known |= {"ended_at": NOON + timedelta(minutes=minute, seconds=1.2), "destination": "sftp://new/"}
    return Attempt(**known | more)  # type: ignore[arg-type]


def read(*log: Attempt, **more: object) -> list[str]:
    known = {"id": "d", "integration_id": "i", "document_id": "x", "sha256": "0" * 64, "state": DeliveryState.FAILED}
    lines = delivery_details(Delivery(**known | {"log": log} | more), "SFTP", NOON, 100)  # type: ignore[arg-type]
    return [" ".join(" ".join(shown(put.text) for put in line).split()) for line in lines]


def test_each_attempt_says_how_long_it_took_who_asked_and_what_was_answered() -> None:
    lines = read(
        an_attempt(9, "FAILED", reason=text_message("552 disk quota exceeded"), asked_by="anne"),
        an_attempt(5, "QUEUED", reason=text_message("Busy."), asked_by="anne", look_up=False),
        an_attempt(3, "UNKNOWN", reason=text_message("It was looked up: it cannot be said yet."), look_up=True),
        an_attempt(1, "UNKNOWN"),
    )
    table = [line for line in lines if "1.2 s" in line]
    assert [line.split("1.2 s ")[1] for line in table] == [
        "retry 552 disk quota exceeded",
        "you Busy.",
        "look-up It was looked up: it cannot be said yet.",
        "by itself Unknown",
    ]


def test_an_attempt_made_with_earlier_settings_says_where_it_went() -> None:
    lines = read(
        an_attempt(9, "FAILED"),
        an_attempt(1, "FAILED", settings_version=1, destination="sftp://old/"),
    )
    assert "Destination sftp://new/" in lines
    assert lines[-1] == "With earlier settings (1): sftp://old/"
