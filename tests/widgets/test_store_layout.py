"""What the Store says of an extension: its numbers are of clients where it says clients."""

from datetime import UTC, datetime
from typing import Any

from banqup_tui.domain.extension import Category, Extension, ReceiverKind
from banqup_tui.domain.health import health_of, summary
from banqup_tui.domain.integration import Integration, IntegrationState, Trouble
from banqup_tui.domain.messages import text_message
from banqup_tui.widgets.layouts.store import User, extension_details, extension_items
from banqup_tui.widgets.text_lines import Line

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SFTP = Extension(
    id="sftp", title={"en": "SFTP"}, description={"en": ""}, category=Category.OTHER, kind=ReceiverKind.RENAME,
    version="1", settings_schema={},
)  # fmt: skip
BROKEN: dict[str, Any] = {
    "state": IntegrationState.BROKEN,
    "trouble": Trouble.SETTINGS,
    "cause": text_message("The host key has changed."),
}


def integrations() -> list[Integration]:
    """53 integrations of 37 clients: 16 of them have two, and both are broken at the first two."""
    return [
        Integration(
            id=f"i{client}-{label}", client_id=f"c{client:02}", installation_id="x", extension_id="sftp", label=label,
            **(BROKEN if client < 2 else {}),
        )
        for client in range(37)
        for label in (("In", "Archive") if client < 16 else ("In",))
    ]  # fmt: skip


def text_of(lines: list[Line]) -> str:
    return "\n".join("  ".join(put.text for put in line) for line in lines)


def test_used_by_counts_clients_not_integrations() -> None:
    found = integrations()
    assert len(found) == 53
    users = [User(f"Client {one.client_id}", health_of(one, SFTP, NOW), one) for one in found]
    text = text_of(extension_details(SFTP, None, users, summary(found, SFTP, NOW), NOW, 76))
    assert "Used by 37 clients" in text
    assert "2 clients" in text, "what is broken concerns two clients, with two integrations each"
    assert "49 active, 4 need attention" in text
    assert "Integrations" in text.partition("49 active")[0].splitlines()[-1]
    assert "Client c00  Archive" in text
    assert "Client c36  In" not in text


def test_the_list_says_how_many_clients_use_it() -> None:
    build = extension_items([SFTP], {}, {"sftp": summary(integrations(), SFTP, NOW)})
    labels, items = build(76)
    assert labels is not None
    assert labels[-1].text == "Clients"
    assert [item.line[-1].text for item in items if item.key == "sftp"] == ["37"]
