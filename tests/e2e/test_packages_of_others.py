"""Connectors of other packages in a real service: one delivers, and those that break stop nobody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.services import CommandRefused
from banqup_tui.protocol.commands import AddIntegration, AllowPackage, Install
from banqup_tui.protocol.paths import TESTS, filled
from tests.support.acme import TOKEN, Acme, acme
from tests.support.backends import http
from tests.support.local_setup import LocalSetup, id_of, invoices, setup_in, until
from tests.support.packages import install, install_the_example

IMPATIENT = (
    "import sys, banqup_tui.backend.dispatch.loop as dispatch; Timing = dispatch.Timing;"
    "dispatch.Timing = lambda: Timing(deadline=1.0);"
    "from banqup_tui.backend.connector_host import calls; calls.SILENCE_SECONDS = 3600.0;"
    "from banqup_tui.backend.runtime.main import main; sys.exit(main())"
)
"""A service in which an attempt has one second, and not two minutes, and a host that is blocked is left alone."""

BROKEN = ("breaks", "leaves", "nonsense", "numbers", "raises", "hangs", "blocks")
PYPROJECT = """
[project]
name = "broken-ones"
version = "0.1"
[project.entry-points."banqup_tui.connectors"]
breaks = "broken_at_import:Nothing"
leaves = "broken_by_leaving:Nothing"
nonsense = "broken_ones:Nonsense"
numbers = "broken_ones:Numbers"
raises = "broken_ones:Raises"
hangs = "broken_ones:Hangs"
blocks = "broken_ones:Blocks"
"""
ONES = """
import asyncio, time
from acme_ledger import AcmeChannel, AcmeLedger
from contextlib import asynccontextmanager
from msgspec.structs import replace

class Nonsense(AcmeLedger):
    manifest = "an invoice"

class Numbers(AcmeLedger):
    manifest = replace(AcmeLedger.manifest, id="numbers", title={"en": 7}, category="SOMEWHERE")

class Raises(AcmeLedger):
    manifest = replace(AcmeLedger.manifest, id="raises")

    def check(self, given, *, complete):
        if given.get("books") == "none":
            raise KeyError("what it was given")
        return []

    async def test(self, settings, sample):
        raise RuntimeError(f"token {settings.token}")

class Hangs(AcmeLedger):
    manifest = replace(AcmeLedger.manifest, id="hangs")

    @asynccontextmanager
    async def connect(self, settings):
        yield Channel(lambda: asyncio.sleep(3600))

class Blocks(AcmeLedger):
    manifest = replace(AcmeLedger.manifest, id="blocks")

    @asynccontextmanager
    async def connect(self, settings):
        yield Channel(lambda: time.sleep(3600))

class Channel(AcmeChannel):
    def __init__(self, wait):
        self.wait = wait

    async def prepare(self, parcel):
        await self.wait()
"""


@pytest.fixture
def ledger() -> Iterator[Acme]:
    with acme() as server:
        yield server


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[LocalSetup]:
    """Its service sees the packages, which are in a directory of their own."""
    packages = tmp_path / "packages"
    install_the_example(packages)
    modules = {
        "broken_ones": ONES,
        "broken_at_import": "raise RuntimeError('no licence for this machine')",
        "broken_by_leaving": "raise SystemExit('needs a newer Python')",
    }
    install(packages, PYPROJECT, modules)
    with setup_in(tmp_path / "office") as made:
        made.start_backend(("-c", IMPATIENT), PYTHONPATH=str(packages))
        allow(made, "acme-ledger", "acme-ledger")
        for extension in BROKEN:
            allow(made, extension, "broken-ones")
        yield made


def allow(setup: LocalSetup, extension: str, package: str) -> None:
    setup.do(AllowPackage(extension_id=extension, package=package))


def deliver_to(setup: LocalSetup, client_id: str, extension: str, settings: dict[str, Any]) -> None:
    installation = id_of("installation", extension)
    setup.do(
        Install(installation_id=installation, extension_id=extension, settings=settings),
        AddIntegration(
            integration_id=id_of("integration", extension), client_id=client_id, installation_id=installation
        ),
    )


def test_a_package_of_another_delivers_while_broken_ones_say_what_is_wrong(setup: LocalSetup, ledger: Acme) -> None:
    settings = {"url": f"http://127.0.0.1:{ledger.port}", "token": TOKEN}
    client_id = setup.add_client()
    for extension in ("hangs", "blocks", "acme-ledger"):
        deliver_to(setup, client_id, extension, settings)
    in_store = {one["id"]: one for one in json.loads(setup.banqup("store", "list", "--json").stdout)}
    assert in_store["acme-ledger"]["problem"] is None
    assert "no licence for this machine" in in_store["breaks"]["problem"]["message"]
    assert "needs a newer Python" in in_store["leaves"]["problem"]["message"]
    assert "has no attribute 'id'" in in_store["nonsense"]["problem"]["message"]
    assert "Expected `str`, got `int`" in in_store["numbers"]["problem"]["message"]

    files = invoices(3)
    setup.add_documents(client_id, files)
    until(lambda: len(ledger.taken) == 3, what="three documents in the ledger")
    assert sorted(taken.content for taken in ledger.taken.values()) == sorted(files.values())
    until(lambda: setup.delivery_states().get("DELIVERED") == 3, what="three deliveries")
    until(lambda: len(setup.reasons()) >= 2, what="reasons of those that hang")
    assert set(setup.reasons()) == {"The receiver gave no answer in time."}
    assert len(ledger.taken) == 3


def test_a_package_that_fails_when_asked_is_said_to_have_failed(setup: LocalSetup, ledger: Acme) -> None:
    endpoint = setup.backend()
    settings = {"url": f"http://127.0.0.1:{ledger.port}", "token": TOKEN}
    asked = {"extensionId": "raises", "settings": settings}
    with http(endpoint) as client:
        results = client.post(filled(TESTS, endpoint.space_id), json=asked).json()["steps"]
        checked = client.post(
            filled(TESTS, endpoint.space_id), json=asked | {"settings": settings | {"books": "none"}}
        ).json()["steps"]
    assert [step["message"]["code"] for step in results] == ["connection.test-failed"]
    assert [step["message"]["code"] for step in checked] == ["setting.check-failed"]
    refused = setup.banqup("store", "install", "raises", "--set", f"url={settings['url']}", "--set", "books=none")
    assert "failed while it checked" in refused.stderr
    assert (
        setup.banqup("store", "install", "acme-ledger", *(f"--set={k}={v}" for k, v in settings.items())).returncode
        == 0
    )


SPY = """
from pathlib import Path
Path(__file__).with_name("was-run").write_text("with all rights")
from acme_ledger import AcmeLedger
from msgspec.structs import replace

class Spy(AcmeLedger):
    manifest = replace(AcmeLedger.manifest, id="spy", title={"en": "Spy"})
"""
SPYS_PROJECT = """
[project]
name = "spy-of-{name}"
version = "1.0"
[project.entry-points."banqup_tui.connectors"]
spy = "spy:Spy"
"""


def test_nothing_of_a_package_is_run_before_the_owner_has_said_yes_to_it_by_name(tmp_path: Path) -> None:
    packages, ran = tmp_path / "packages", tmp_path / "packages" / "was-run"
    install_the_example(packages)
    install(packages, SPYS_PROJECT.format(name="anna"), {"spy": SPY})
    with setup_in(tmp_path / "office") as setup:
        setup.start_backend(PYTHONPATH=str(packages))
        (results,) = [one for one in json.loads(setup.banqup("store", "list", "--json").stdout) if one["id"] == "spy"]
        assert (results["allowed"], results["package"]) == (False, "spy-of-anna")
        assert results["problem"]["code"] == "extension.not-allowed"
        refused = setup.banqup("store", "install", "spy", "--set", "url=https://ledger.example")
        assert "not allowed" in refused.stderr
        setup.banqup("doctor")
        assert not ran.exists()
        assert setup.banqup("store", "allow", "spy", "--yes").returncode == 0
        (results,) = [one for one in json.loads(setup.banqup("store", "list", "--json").stdout) if one["id"] == "spy"]
        assert (results["allowed"], results["problem"]) == (True, None)
        assert ran.exists()


def test_the_yes_is_for_a_package_and_not_for_whatever_takes_its_place(tmp_path: Path) -> None:
    """Over a restart: the package that was let in is loaded, one of another name that brings the same is not."""
    from banqup_tui.backend.integrations import allowed_packages
    from tests.support.connectors import entry_of
    from tests.support.services import ask, opened_again, services_in

    point = entry_of("spy-of-anna", "mailbox")
    services = services_in(tmp_path, Extensions([point]))
    assert services.extensions.connector("mailbox") is None
    with pytest.raises(CommandRefused, match=r"of-another-package .*package: spy-of-anna"):
        ask(services, allowed_packages.allow, AllowPackage(extension_id="mailbox", package="spy-of-bart"))
    ask(services, allowed_packages.allow, AllowPackage(extension_id="mailbox", package="spy-of-anna"))
    assert services.extensions.connector("mailbox") is not None
    for package, is_in in (("spy-of-anna", True), ("spy-of-bart", False)):
        again = opened_again(tmp_path, Extensions([entry_of(package, "mailbox")]))
        allowed_packages.load(again)
        assert (again.extensions.connector("mailbox") is not None) is is_in
