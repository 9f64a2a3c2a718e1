from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord, fetch_all
from banqup_tui.backend.db.transaction import space_seq
from banqup_tui.backend.db.vault import of_installation, of_version
from banqup_tui.backend.integrations import settings_levels
from banqup_tui.backend.integrations.activation import add_integration, configure_integration
from banqup_tui.backend.integrations.installations import configure, install, uninstall
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.enqueue import enqueue
from banqup_tui.backend.ledger.lifecycle import mark_broken
from banqup_tui.backend.ledger.model import lock_integration
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.connectors.sftp.connector import Sftp
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import (
    AddIntegration,
    Backfill,
    Configure,
    ConfigureIntegration,
    Install,
    Uninstall,
)
from banqup_tui.protocol.problems import ProblemType
from tests.support.connectors import point
from tests.support.services import EPOCH, HAGELAND, PARVIS, SPACE, add_document, ask, services_in


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(
        tmp_path,
        Extensions(
            [
                point("local-folder", "banqup_tui.connectors.local_folder:LocalFolder"),
                point("sftp", "banqup_tui.connectors.sftp.connector:Sftp"),
                point("badge", "tests.support.connectors:Badge"),
                point("mailbox", "tests.support.connectors:Mailbox"),
                point("acme-ledger", "acme_ledger:Nothing"),
            ]
        ),
    )
    yield made
    made.database.engine.dispose()


def installed(services: Services, extension: str = "local-folder", **settings: Any) -> str:
    body = Install(installation_id=str(uuid4()), extension_id=extension, settings=settings)
    return str(ask(services, install, body)["installationId"])


def activated(services: Services, installation: str, client: str = PARVIS, **more: Any) -> str:
    body = AddIntegration(integration_id=str(uuid4()), client_id=client, installation_id=installation, **more)
    return str(ask(services, add_integration, body)["integrationId"])


def row(services: Services, table: Any, id_: str) -> Any:
    with services.database.read() as connection:
        return connection.execute(select(table).where(table.c.id == id_)).one_or_none()


def version(services: Services, integration: str) -> Any:
    """The settings in use."""
    used, stored = row(services, tables.integration, integration), tables.settings
    with services.database.read() as connection:
        return connection.execute(
            select(stored).where(stored.c.integration_id == integration, stored.c.version == used.settings_version)
        ).one()


def versions(services: Services, integration: str) -> list[int]:
    stored = tables.settings
    with services.database.read() as connection:
        return list(connection.scalars(select(stored.c.version).where(stored.c.integration_id == integration)))


def firm_settings(services: Services, installation: str) -> dict[str, Any]:
    return services.vault.open(of_installation(installation), row(services, tables.installation, installation).settings)


def shown_of(services: Services, used: Any, column: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    place = of_version(used.integration_id, used.version, column)
    return services.vault.shown("mailbox", place, getattr(used, column))


def effective(services: Services, integration: str) -> dict[str, Any]:
    used = version(services, integration)
    return services.vault.open(of_version(integration, used.version, "effective"), used.effective)


def test_an_extension_is_installed_with_the_firms_settings(services: Services) -> None:
    made = row(services, tables.installation, installed(services, path="/srv/in/[external_id]"))
    assert (made.extension_id, made.state) == ("local-folder", "INSTALLED")
    assert services.vault.shown("local-folder", of_installation(made.id), made.settings) == (
        {"path": "/srv/in/[external_id]"},
        (),
    )
    assert made.seq > 0


def test_installing_twice_is_the_same_installation(services: Services) -> None:
    first = installed(services, path="/srv/a")
    assert installed(services) == first
    assert installed(services, path="/srv/b") == first
    stored = row(services, tables.installation, first)
    assert services.vault.open(of_installation(stored.id), stored.settings) == {"path": "/srv/b"}
    with services.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.installation)).scalar_one() == 1


@pytest.mark.parametrize(
    ("extension", "settings", "type_", "words"),
    [
        ("none", {}, ProblemType.NOT_FOUND, "There is no extension none"),
        ("acme-ledger", {}, ProblemType.REFUSED, "does not load"),
        ("local-folder", {"path": "/[foldr]"}, ProblemType.INVALID_SETTINGS, "did you mean [folder]"),
        ("local-folder", {"pat": "/"}, ProblemType.INVALID_SETTINGS, "did you mean path"),
        ("mailbox", {"port": "many"}, ProblemType.INVALID_SETTINGS, "a number from 1 to 65535 is needed"),
        ("mailbox", {"password": 7}, ProblemType.INVALID_SETTINGS, "Password: a text is needed."),
    ],
)
def test_what_cannot_be_installed_is_refused_with_its_reason_and_a_remedy(
    services: Services, extension: str, settings: dict[str, Any], type_: ProblemType, words: str
) -> None:
    with pytest.raises(CommandRefused) as caught:
        installed(services, extension, **settings)
    assert words in sentence_of(caught.value.message)
    assert caught.value.problem.type == type_
    assert caught.value.problem.remedy


def test_settings_given_as_text_become_what_they_are(services: Services) -> None:
    made = installed(services, "mailbox", host="mail.example", port="2525")
    assert firm_settings(services, made)["port"] == 2525


def test_a_secret_is_kept_and_named_but_never_shown(services: Services) -> None:
    made = installed(services, "mailbox", host="mail.example", password="geheim")
    stored = row(services, tables.installation, made)
    assert services.vault.shown("mailbox", of_installation(stored.id), stored.settings) == (
        {"host": "mail.example"},
        ("password",),
    )
    integration = activated(services, made, settings={"address": "parvis@books.example"})
    used = version(services, integration)
    assert shown_of(services, used, "own") == (
        {"address": "parvis@books.example"},
        (),
    )
    shown, secrets = services.vault.shown(
        "mailbox", of_version(used.integration_id, used.version, "effective"), used.effective
    )
    assert (shown, secrets) == ({"host": "mail.example", "address": "parvis@books.example"}, ("password",))
    assert effective(services, integration)["password"] == Secret("geheim")
    assert b"geheim" not in b"".join([stored.settings, used.own, used.effective])


def test_a_null_takes_a_setting_away_and_what_is_not_named_stays(services: Services) -> None:
    made = installed(services, "mailbox", host="mail.example", password="geheim", user="cabinet")
    ask(services, configure, Configure(installation_id=made, settings={"password": None, "user": ""}))
    assert firm_settings(services, made) == {"host": "mail.example"}


def test_the_clients_settings_add_to_the_firms_or_override_them(services: Services) -> None:
    made = installed(services, "mailbox", host="mail.example", port=25)
    integration = activated(services, made, settings={"address": "p@books.example", "port": 2525})
    assert effective(services, integration) == {"host": "mail.example", "port": 2525, "address": "p@books.example"}
    ask(services, configure_integration, ConfigureIntegration(integration_id=integration, settings={"port": None}))
    assert effective(services, integration) == {"host": "mail.example", "port": 25, "address": "p@books.example"}


settings = st.dictionaries(st.sampled_from("abcd"), st.none() | st.just("") | st.integers() | st.text(min_size=1))


@given(settings, settings, settings)
def test_two_levels_merge_as_they_are_explained(
    firm: dict[str, Any], own: dict[str, Any], given: dict[str, Any]
) -> None:
    stored_of_firm, stored_own = (
        settings_levels.changed({}, firm),
        settings_levels.changed(settings_levels.changed({}, own), given),
    )
    seen = settings_levels.in_effect(stored_of_firm, stored_own)
    for name in "abcd":
        of_client = given[name] if name in given else own.get(name)
        of_firm = firm.get(name)
        wanted = of_client if of_client not in (None, "") else of_firm if of_firm not in (None, "") else None
        assert seen.get(name) == wanted


def test_an_activation_is_numbered_so_that_only_what_comes_after_it_is_sent_by_itself(services: Services) -> None:
    add_document(services, "before")
    integration = activated(services, installed(services, path="/srv/in"))
    add_document(services, "after")
    made = row(services, tables.integration, integration)
    assert made.activated_seq == made.planned_seq == made.seq
    assert made.destination == "file:/srv/in"
    with services.database.read() as connection:
        numbers = list(
            connection.scalars(select(tables.document.c.created_seq).order_by(tables.document.c.created_seq))
        )
    assert numbers[0] < made.activated_seq < numbers[1]


def test_an_integration_begins_with_what_its_extension_bears(services: Services) -> None:
    installation = installed(services, "sftp", host="sftp.example.org", user="parvis", password="geheim", path="/in/")
    integration = row(services, tables.integration, activated(services, installation))
    assert (integration.concurrency, integration.per_minute) == (Sftp.manifest.concurrency, None)
    assert Sftp.manifest.concurrency > 4


def test_when_a_sign_in_ends_is_known_from_the_settings_where_the_extension_can_tell(services: Services) -> None:
    installation = installed(services, "badge", until="2026-12-01T10:00:00+01:00")
    integration = activated(services, installation)
    assert row(services, tables.integration, integration).sign_in_until == datetime(2026, 12, 1, 9, tzinfo=UTC)
    ask(services, configure, Configure(installation_id=installation, settings={"until": "2027-06-01"}))
    assert row(services, tables.integration, integration).sign_in_until == datetime(2027, 6, 1, tzinfo=UTC)
    ask(services, configure, Configure(installation_id=installation, settings={"until": "some day"}))
    assert row(services, tables.integration, integration).sign_in_until is None


def test_what_is_missing_at_both_levels_is_said(services: Services) -> None:
    with pytest.raises(CommandRefused, match=r"setting\.missing") as caught:
        activated(services, installed(services))
    assert caught.value.problem.field == "path"


def test_the_same_name_twice_for_one_client_is_refused_with_a_remedy(services: Services) -> None:
    made = installed(services, path="/srv/in")
    activated(services, made)
    with pytest.raises(CommandRefused, match=r"name-taken \(label: Local folder\)") as caught:
        activated(services, made, label=" Local  folder\n")
    assert "another name" in (caught.value.problem.remedy or "")
    activated(services, made, label="Archive")
    activated(services, made, HAGELAND)


def test_adding_again_after_removal_is_the_same_integration_with_its_ledger(services: Services) -> None:
    made = installed(services, path="/srv/in")
    first = activated(services, made)
    before = row(services, tables.integration, first)
    remove(services, first)
    again = activated(services, made, settings={"path": "/srv/new"}, folders=(Folder.PURCHASE_RECEIPTS,))
    after = row(services, tables.integration, again)
    assert again == first
    assert (after.state, after.folders, after.destination) == ("ACTIVE", "PURCHASE_RECEIPTS", "file:/srv/new")
    assert after.activated_seq == after.planned_seq > before.activated_seq


def test_uninstalling_waits_until_no_client_uses_it_and_forgets_nothing_that_was_sent(services: Services) -> None:
    made = installed(services, path="/srv/in")
    integration = activated(services, made)
    with pytest.raises(CommandRefused, match=r"in-use .*clients: Boulangerie du Parvis SRL"):
        ask(services, uninstall, Uninstall(installation_id=made))
    remove(services, integration)
    ask(services, uninstall, Uninstall(installation_id=made))
    assert row(services, tables.installation, made) is None
    assert versions(services, integration) == []
    again = installed(services, path="/srv/in")
    assert again != made
    assert activated(services, again) == integration


def remove(services: Services, integration: str) -> None:
    table = tables.integration
    with services.database.write(SPACE) as transaction:
        transaction.execute(update(table).where(table.c.id == integration).values(state="REMOVED"))


def test_new_settings_of_the_firm_reach_every_client_that_uses_them(services: Services) -> None:
    made = installed(services, path="/srv/in")
    parvis, hageland = activated(services, made), activated(services, made, HAGELAND, settings={"path": "/srv/own"})
    ask(services, configure, Configure(installation_id=made, settings={"path": "/srv/new", "file_name": "[number]"}))
    assert effective(services, parvis) == {"path": "/srv/new", "file_name": "[number]"}
    assert effective(services, hageland) == {"path": "/srv/own", "file_name": "[number]"}
    assert row(services, tables.integration, parvis).settings_version == 2
    assert row(services, tables.integration, parvis).destination == "file:/srv/new"
    assert versions(services, parvis) == [2]


def test_new_settings_of_the_firm_that_a_client_cannot_work_with_are_refused_by_its_name(services: Services) -> None:
    made = installed(services, path="/srv/in")
    integration = activated(services, made)
    with pytest.raises(CommandRefused) as caught:
        ask(services, configure, Configure(installation_id=made, settings={"path": None}))
    assert sentence_of(caught.value.message).startswith("Boulangerie du Parvis SRL: Path is missing")
    assert effective(services, integration) == {"path": "/srv/in"}


def test_the_folders_of_an_integration_can_be_chosen(services: Services) -> None:
    made = installed(services, path="/srv/in")
    integration = activated(services, made, folders=(Folder.PURCHASE_RECEIPTS, Folder.SALES_INVOICES))
    assert row(services, tables.integration, integration).folders == "SALES_INVOICES PURCHASE_RECEIPTS"
    body = ConfigureIntegration(integration_id=integration, folders=(Folder.OTHER_DOCUMENTS,))
    ask(services, configure_integration, body)
    after = row(services, tables.integration, integration)
    assert (after.folders, after.settings_version) == ("OTHER_DOCUMENTS", 1)
    with pytest.raises(CommandRefused, match="no-folder"):
        ask(services, configure_integration, ConfigureIntegration(integration_id=integration, folders=()))
    mailbox = installed(services, "mailbox", host="mail.example", address="a@b.example")
    with pytest.raises(CommandRefused, match=r"folder-not-taken .*folder: ENRICHED_MOVEMENT_REPORTS"):
        activated(services, mailbox, folders=(Folder.ENRICHED_MOVEMENT_REPORTS,))


def test_a_number_counted_in_another_state_of_the_server_is_refused(services: Services) -> None:
    made = installed(services, path="/srv/in")
    with pytest.raises(CommandRefused, match="restored-since") as caught:
        activated(services, made, backfill=Backfill(up_to="other.3", expected=5))
    assert caught.value.problem.type == ProblemType.COUNT_CHANGED


def test_more_older_documents_than_were_confirmed_activate_nothing(services: Services) -> None:
    made = installed(services, path="/srv/in")
    for number in ("1", "2", "3"):
        add_document(services, number)
    add_document(services, "4", folder=Folder.SALES_INVOICES)
    add_document(services, "5", ready=False)
    up_to = seen(services)
    with pytest.raises(CommandRefused, match=r"documents-changed \(count: 4, expected: 3\)"):
        activated(services, made, backfill=Backfill(up_to=up_to, expected=3))
    with services.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.integration)).scalar_one() == 0


def test_a_confirmed_number_of_older_documents_is_queued_from_the_chosen_folders(services: Services) -> None:
    made = installed(services, path="/srv/in")
    for number in ("1", "2", "3"):
        add_document(services, number)
    add_document(services, "4", folder=Folder.SALES_INVOICES)
    up_to = seen(services)
    add_document(services, "later")
    activated(services, made, backfill=Backfill(up_to=up_to, expected=3), folders=(Folder.PURCHASE_INVOICES,))
    with services.database.write(SPACE) as transaction:
        assert step(transaction, services)
    with services.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.delivery)).scalar_one() == 3


def seen(services: Services) -> str:
    with services.database.read() as connection:
        return f"{EPOCH}.{space_seq(connection, SPACE)}"


@pytest.mark.parametrize("level", ["firm", "client"])
def test_new_settings_mend_what_waited_for_a_person(services: Services, level: str) -> None:
    made = installed(services, "mailbox", host="mail.example", password="old", address="a@b.example")
    integration = activated(services, made)
    document = add_document(services, "2026-1")
    with services.database.write(SPACE) as transaction:
        integration_row = lock_integration(transaction, integration)
        assert integration_row is not None
        what = fetch_all(transaction, DocumentRecord, select(tables.document).where(tables.document.c.id == document))
        enqueue(transaction, integration_row, what, None)
        mark_broken(transaction, integration_row, text_message("The sign-in was refused.", "Correct the password."))
    assert row(services, tables.integration, integration).state == "BROKEN"
    if level == "firm":
        body: Any = Configure(installation_id=made, settings={"password": "new"})
        answer = ask(services, configure, body)
    else:
        body = ConfigureIntegration(integration_id=integration, settings={"password": "new"})
        answer = ask(services, configure_integration, body)
    after = row(services, tables.integration, integration)
    assert (after.state, after.cause, answer["queued"]) == ("ACTIVE", None, 1)
    assert after.ready_at is not None
    with services.database.read() as connection:
        assert connection.scalars(select(tables.delivery.c.state)).all() == ["QUEUED"]


def test_settings_that_an_unsettled_attempt_was_made_with_are_kept(services: Services) -> None:
    made = installed(services, path="/srv/in")
    integration = activated(services, made)
    document = add_document(services, "2026-1")
    with services.database.write(SPACE) as transaction:
        integration_row = lock_integration(transaction, integration)
        assert integration_row is not None
        what = fetch_all(transaction, DocumentRecord, select(tables.document).where(tables.document.c.id == document))
        (delivery,) = enqueue(transaction, integration_row, what, None).delivery_ids
        table = tables.delivery
        values = {"state": "UNKNOWN", "settings_version": 1, "resume_token": "{}"}
        transaction.execute(update(table).where(table.c.id == delivery).values(**values))
    for path in ("/srv/two", "/srv/three"):
        ask(services, configure, Configure(installation_id=made, settings={"path": path}))
    assert versions(services, integration) == [1, 3]


def test_an_integration_of_a_client_that_is_not_there_is_refused(services: Services) -> None:
    with pytest.raises(CommandRefused, match=r"client\.gone"):
        activated(services, installed(services, path="/srv/in"), str(uuid4()))
    with pytest.raises(CommandRefused, match="not-installed"):
        activated(services, str(uuid4()))


def test_a_lost_key_is_told_with_its_remedy_and_the_list_of_installations_still_opens(
    services: Services, tmp_path: Path
) -> None:
    made = installed(services, path="/srv/in")
    (tmp_path / "vault.key").unlink()
    other = services_in_same_place(services, tmp_path)
    with pytest.raises(CommandRefused, match=r"service\.sealed-elsewhere") as caught:
        ask(other, configure, Configure(installation_id=made, settings={"path": "/srv/b"}))
    assert caught.value.message.params == {"file": "vault.key"}
    stored = row(other, tables.installation, made)
    assert other.vault.shown("local-folder", of_installation(made), stored.settings) == (
        {},
        (),
    )


def services_in_same_place(services: Services, directory: Path) -> Services:
    import msgspec

    from banqup_tui.backend.db.vault import Vault

    return msgspec.structs.replace(services, vault=Vault(directory / "vault.key"))
