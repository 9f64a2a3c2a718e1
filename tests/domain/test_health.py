"""An integration that does not send is seen before the user trips over it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.extension import Category, Extension, ReceiverKind
from banqup_tui.domain.health import Health, health_of, summary
from banqup_tui.domain.integration import Integration, IntegrationState, Trouble
from banqup_tui.domain.messages import Message

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SFTP = Extension(
    id="sftp", title={"en": "SFTP"}, description={"en": ""}, category=Category.OTHER, kind=ReceiverKind.RENAME,
    version="1", settings_schema={},
)  # fmt: skip
BROKEN = IntegrationState.BROKEN


def an_integration(**more: Any) -> Integration:
    known = {"id": "i", "client_id": "c", "installation_id": "x", "extension_id": "sftp", "label": "SFTP"}
    return Integration(**known | more)


@pytest.mark.parametrize(
    ("more", "health"),
    [
        ({}, Health.WELL),
        ({"state": IntegrationState.PAUSED}, Health.PAUSED),
        ({"failing_since": NOW}, Health.NO_ANSWER),
        ({"state": IntegrationState.PAUSED, "failing_since": NOW}, Health.PAUSED),
        ({"state": BROKEN, "trouble": Trouble.SETTINGS, "failing_since": NOW}, Health.NEEDS_ATTENTION),
        ({"state": BROKEN}, Health.NEEDS_ATTENTION),
        ({"state": BROKEN, "trouble": Trouble.SIGN_IN}, Health.SIGN_IN_REFUSED),
        ({"state": BROKEN, "trouble": Trouble.EXTENSION}, Health.NOT_LOADING),
        ({"sign_in_until": NOW}, Health.SIGN_IN_EXPIRED),
        ({"sign_in_until": NOW - timedelta(1), "state": BROKEN, "trouble": Trouble.SIGN_IN}, Health.SIGN_IN_EXPIRED),
        ({"sign_in_until": NOW + timedelta(13)}, Health.EXPIRES_SOON),
        ({"sign_in_until": NOW + timedelta(15)}, Health.WELL),
    ],
)
def test_how_an_integration_is_doing(more: dict[str, Any], health: Health) -> None:
    assert health_of(an_integration(**more), SFTP, NOW) is health


def test_an_extension_that_is_gone_or_does_not_load_is_told_of_each_of_its_integrations() -> None:
    broken = msgspec.structs.replace(SFTP, problem=Message("extension.fails"))
    assert health_of(an_integration(), broken, NOW) is Health.NOT_LOADING
    assert health_of(an_integration(), None, NOW) is Health.NOT_LOADING


def test_an_installation_says_how_many_clients_it_works_for_and_the_worst_of_them() -> None:
    found = summary(
        [
            an_integration(last_sent_at=NOW - timedelta(hours=2)),
            an_integration(failing_since=NOW, last_sent_at=NOW - timedelta(hours=1)),
            an_integration(state=BROKEN, trouble=Trouble.SIGN_IN),
            an_integration(state=IntegrationState.PAUSED),
            an_integration(state=IntegrationState.REMOVED),
        ],
        SFTP,
        NOW,
    )
    assert (found.total, found.active, found.paused, found.need_attention, found.no_answer) == (4, 2, 1, 1, 1)
    assert found.worst is Health.SIGN_IN_REFUSED
    assert found.last_sent_at == NOW - timedelta(hours=1)
    assert summary([], SFTP, NOW).worst is Health.WELL


def test_a_copy_of_an_older_program_still_reads() -> None:
    older = b'{"id":"i","clientId":"c","installationId":"x","extensionId":"sftp","label":"SFTP","state":"BROKEN"}'
    assert health_of(msgspec.json.decode(older, type=Integration), SFTP, NOW) is Health.NEEDS_ATTENTION


def test_a_client_with_several_integrations_is_counted_once() -> None:
    of_clients = [("c1", "a"), ("c1", "b"), ("c2", "c"), ("c3", "d")]
    found = [an_integration(id=id_, client_id=client) for client, id_ in of_clients]
    gone = an_integration(id="e", client_id="c4", state=IntegrationState.REMOVED)
    summary_text = summary([*found, gone], SFTP, NOW)
    assert (summary_text.total, summary_text.clients, summary_text.active) == (4, 3, 4)
