"""Secrets at rest: bound to their place, sealed anew under another key, and what 0.4.0 has sealed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.vault import SealedElsewhere, SealedPlace, Vault, of_installation, of_sign_in, of_version
from banqup_tui.backend.integrations import key_rotation
from banqup_tui.backend.services import Services
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol.commands import AddIntegration, Install
from tests.support.intake_harness import IntakeHarness
from tests.support.services import PARVIS, ask, opened_again, services_in

PLACE = of_installation("a")


def test_what_is_sealed_can_be_opened_after_a_restart_and_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    sealed = Vault(path).seal(PLACE, {"password": Secret("geheim"), "port": 22}, ["password"])
    assert b"geheim" not in sealed
    assert Vault(path).open(PLACE, sealed) == {"password": Secret("geheim"), "port": 22}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [seen.name for seen in tmp_path.iterdir()] == ["vault.key"]


def test_many_who_come_first_make_one_key(tmp_path: Path) -> None:
    vaults = [Vault(tmp_path / "vault.key") for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda vault: vault.seal(PLACE, {"a": 1}), vaults))
    assert all(vaults[0].open(PLACE, one) == {"a": 1} for one in sealed)


def test_another_key_is_said_so(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "a").seal(PLACE, {})
    with pytest.raises(SealedElsewhere, match=r"sealed-elsewhere"):
        Vault(tmp_path / "b").open(PLACE, sealed)


@pytest.mark.parametrize(
    "other",
    [of_installation("b"), of_version("a", 1, "own"), of_version("a", 1, "effective"), of_version("a", 2, "own")],
)
def test_a_sealed_value_cannot_be_opened_in_another_place(tmp_path: Path, other: SealedPlace) -> None:
    vault = Vault(tmp_path / "vault.key")
    places = [PLACE, of_sign_in("a"), of_version("a", 1, "own"), of_version("a", 1, "effective"), other]
    for place in {place for place in places if place != other}:
        with pytest.raises(SealedElsewhere, match=r"sealed-elsewhere"):
            vault.open(other, vault.seal(place, {"password": "geheim"}))


@pytest.mark.parametrize("at", [0, 1, 5, 17, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, at: int) -> None:
    vault = Vault(tmp_path / "vault.key")
    sealed = bytearray(vault.seal(PLACE, {"password": "geheim"}))
    sealed[at] ^= 1
    with pytest.raises(SealedElsewhere):
        vault.open(PLACE, bytes(sealed))


URL = "https://hooks.example/services/T0000/abcdefgh12345678"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
INTEGRATION = "88888888-8888-4888-8888-888888888888"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """A firm with one webhook."""
    made = services_in(tmp_path)
    from banqup_tui.backend.integrations.activation import add_integration
    from banqup_tui.backend.integrations.installations import install

    entered = {"url": URL, "secret": SECRET}
    installation = ask(made, install, Install(installation_id="i", extension_id="webhook", settings=entered))
    ask(
        made,
        add_integration,
        AddIntegration(integration_id=INTEGRATION, client_id=PARVIS, installation_id=installation["installationId"]),
    )
    return made


def all_settings(services: Services) -> list[dict[str, object]]:
    with services.database.read() as connection:
        firm = connection.execute(select(tables.installation)).one()
        used = connection.execute(select(tables.settings)).one()
    places = [
        (of_installation(firm.id), firm.settings),
        (of_version(used.integration_id, used.version, "own"), used.own),
        (of_version(used.integration_id, used.version, "effective"), used.effective),
    ]
    return [services.vault.open(place, sealed) for place, sealed in places]


def test_a_new_key_seals_all_anew_and_the_old_one_opens_nothing(services: Services, tmp_path: Path) -> None:
    before, old = all_settings(services), (tmp_path / "vault.key").read_bytes()
    tag = services.vault.tag("command", b"x")
    assert key_rotation.replace_key(services) == 3
    assert all_settings(services) == all_settings(opened_again(tmp_path)) == before
    assert services.vault.tag("command", b"x") == tag
    (tmp_path / "vault.key").write_bytes(old)
    with pytest.raises(SealedElsewhere):
        all_settings(opened_again(tmp_path))


def test_a_change_of_keys_that_was_cut_off_is_finished_by_the_next_start(services: Services, tmp_path: Path) -> None:
    before = all_settings(services)
    services.vault.begin_new_key()
    again = opened_again(tmp_path)
    assert again.vault.is_between_keys
    assert key_rotation.finish(again) == 3
    assert all_settings(again) == before
    assert not opened_again(tmp_path).vault.is_between_keys


def test_what_an_earlier_version_sealed_is_bound_to_its_rows_and_webhook_addresses_are_hidden(
    services: Services, tmp_path: Path
) -> None:
    before = all_settings(services)
    key = Fernet.generate_key()
    (tmp_path / "vault.key").write_bytes(key)

    def as_before(values: dict[str, object]) -> bytes:
        plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
        shown = {name: value for name, value in plain.items() if name != "secret"}
        secret = {name: value for name, value in plain.items() if name == "secret"}
        return Fernet(key).encrypt(msgspec.json.encode({"shown": shown, "secret": secret}))

    firm, own, effective = map(as_before, before)
    with services.database.engine.begin() as connection:
        connection.execute(update(tables.installation).values(settings=firm))
        connection.execute(update(tables.settings).values(own=own, effective=effective, destination=f"webhook:{URL}"))
        connection.execute(update(tables.integration).values(destination=f"webhook:{URL}"))
    updated = opened_again(tmp_path)
    with pytest.raises(SealedElsewhere):
        all_settings(updated)
    assert key_rotation.finish(updated) == 3
    assert all_settings(updated) == before
    with updated.database.read() as connection:
        row = connection.execute(select(tables.installation)).one()
        (destination,) = connection.execute(select(tables.integration.c.destination)).one()
    assert updated.vault.shown("webhook", of_installation(row.id), row.settings) == ({}, ("secret", "url"))
    assert "abcdefgh" not in destination
    assert key not in (tmp_path / "vault.key").read_bytes()
    with updated.database.engine.begin() as connection:
        connection.execute(update(tables.installation).values(settings=firm))
    with pytest.raises(SealedElsewhere):
        all_settings(opened_again(tmp_path))


def test_the_destination_tells_two_secret_addresses_apart_and_shows_neither(services: Services) -> None:
    from banqup_tui.backend.integrations.settings_versions import destination_of

    found = {destination_of(services, "webhook", {"url": f"{URL}{end}", "secret": SECRET}) for end in ("", "x", "y")}
    assert len(found) == 3
    assert not any("abcdefgh" in one for one in found)


def test_what_is_kept_of_a_command_is_no_plain_hash_of_it(tmp_path: Path) -> None:
    """Of the same command another service keeps something else: nobody can try passwords on it without the key."""
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        harness = IntakeHarness(tmp_path / name)
        harness.do(Install(installation_id="i", extension_id="webhook", settings={"url": URL, "secret": SECRET}))
        (command,) = harness.rows(select(tables.command))
        found.append(command.fingerprint)
    assert found[0] != found[1]
