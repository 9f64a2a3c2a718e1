"""Accounting packages by name: presets over the connectors, from files that hold no code."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.integrations.registry import PRESETS_GROUP, Extensions
from banqup_tui.connectors.common.limits import refuse_unfit
from banqup_tui.connectors.interface import Receipt, Rejected
from banqup_tui.connectors.presets import built_in_presets, read_preset, words
from banqup_tui.domain.folder import Folder
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import in_language, languages, own_text
from tests.support.delivery_requests import delivery_request
from tests.support.mail import PASSWORD, SENDER, USER, mail_server

LEDGER = """
title = "Our Ledger"
connector = "local-folder"
description = { nl = "Eigen pakket.", en = "The firm's own." }
media_types = ["application/pdf"]
max_size = 1_000

[settings.path]
title = { en = "In-tray", fr = "Corbeille" }
default = "/srv/ledger/[folder]"

[settings.file_name]
value = "[number]"
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "our-ledger.toml").write_text(LEDGER)
    return tmp_path


def test_every_package_of_the_store_can_be_used() -> None:
    extensions = Extensions()
    names = [name for name, _ in built_in_presets()]
    assert len(names) >= 15
    for name in names:
        found = extensions.get(name)
        assert found is not None
        assert found.problem is None, sentence_of(found.problem)
        assert found.connector


async def test_a_document_goes_to_the_mailbox_of_the_package_by_the_server_of_the_firm(tmp_path: Path) -> None:
    extensions = Extensions()
    connector = extensions.connector("clearfacts")
    assert connector is not None
    async with mail_server() as server:
        of_firm = {
            "host": "localhost",
            "port": server.port,
            "security": "starttls",
            "user": USER,
            "password": PASSWORD,
            "sender": SENDER,
            "ca": server.settings().ca,
        }
        of_client = {"purchases": "aankoop-99@clearfacts.example"}
        reading = extensions.read("clearfacts", of_firm | of_client, Level.EFFECTIVE)
        assert reading.problems == ()
        async with connector.connect(reading.values) as channel:
            request = delivery_request(tmp_path, folder=Folder.PURCHASE_INVOICES)
            receipt = await channel.commit(request, await channel.prepare(request))
        assert isinstance(receipt, Receipt)
        assert server.box.envelopes[0].rcpt_tos == ["aankoop-99@clearfacts.example"]
    extensions.close()


def test_a_package_asks_in_its_own_words_and_only_what_it_needs() -> None:
    properties = Extensions().properties("clearfacts")
    of_client = [name for name, schema in properties.items() if schema.get("x-level") == "client"]
    assert of_client == ["purchases", "sales", "receipts", "other"]
    assert properties["purchases"]["x-example"] == "aankoop-1234@clearfacts.be"
    (problem,) = Extensions().validate("octopus", {"address": "nobody"}, Level.CLIENT)
    assert (problem.field, problem.message.params["setting"]) == ("address", "Mailbox")


def test_the_words_of_a_package_fit_the_form_at_80_columns_in_every_language() -> None:
    too_long = []
    for language in languages():
        with in_language(language):
            for name, content in built_in_presets():
                for setting in read_preset(name, content).settings.values():
                    title, help_text = own_text(words(setting.title)), own_text(words(setting.help))
                    if len(title) > 14 or len(help_text) > 76:
                        too_long.append((name, language, title, help_text))
    assert too_long == []


def test_what_a_package_needs_is_missed_though_the_connector_could_do_without() -> None:
    settings = {"host": "smtp.example.be", "sender": "a@example.be", "purchases": "b@example.be"}
    problems = Extensions().validate("octopus", settings, Level.EFFECTIVE)
    assert "address" in {problem.field for problem in problems}


def test_a_package_without_xml_is_sent_the_pdf_and_refuses_what_is_too_large(tmp_path: Path) -> None:
    connector = Extensions().connector("dext")
    assert connector is not None
    refuse_unfit(connector.manifest, delivery_request(tmp_path, media_type="application/xml"))
    with pytest.raises(Rejected):
        refuse_unfit(connector.manifest, delivery_request(tmp_path, media_type="text/plain"))
    with pytest.raises(Rejected):
        refuse_unfit(connector.manifest, delivery_request(tmp_path, size=6_000_001))


def test_a_setting_that_the_package_fixes_is_no_setting() -> None:
    assert "attachments" not in Extensions().properties("dext")
    (problem,) = Extensions().validate("dext", {"attachments": "all"}, Level.FIRM)
    assert problem.field == "attachments"


def test_the_firm_adds_a_package_by_a_file(directory: Path) -> None:
    extensions = Extensions(presets=directory)
    found, connector = extensions.get("our-ledger"), extensions.connector("our-ledger")
    assert found is not None
    assert connector is not None
    assert (found.title, found.problem, found.connector) == ({"en": "Our Ledger"}, None, "local-folder")
    assert found.package == str(directory / "our-ledger.toml")
    assert found.settings_schema["properties"]["path"]["x-titles"] == {"en": "In-tray", "fr": "Corbeille"}
    assert connector.definition.destination({}) == "file:/srv/ledger/[folder]"
    assert connector.definition.destination({"path": "/elsewhere"}) == "file:/elsewhere"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('"local-folder"', '"remote-folder"'), "no connector remote-folder"),
        (("[settings.path]", "[settings.pth]"), "no setting pth"),
        (('"Our Ledger"', "7"), "title"),
        (("max_size", "largest"), "largest"),
        (('"[number]"', '"[nummer]"'), "value of file_name"),
        (("title", "title ="), "line 2"),
        (('value = "[number]"', 'value = "[number]"\nrequired = true'), "file_name is required"),
    ],
)
def test_a_file_that_is_wrong_stands_in_the_store_with_its_name_and_the_reason(
    directory: Path, change: tuple[str, str], reason: str
) -> None:
    file = directory / "our-ledger.toml"
    file.write_text(LEDGER.replace(*change, 1))
    found = Extensions(presets=directory).get("our-ledger")
    assert found is not None
    assert str(file) in sentence_of(found.problem)
    assert reason in sentence_of(found.problem)


def test_a_preset_holds_no_secret(directory: Path) -> None:
    (directory / "by-mail.toml").write_text(
        'title = "By mail"\nconnector = "email"\ndescription = "x"\n[settings.password]\nvalue = "geheim-4711"\n'
    )
    found = Extensions(presets=directory).get("by-mail")
    assert found is not None
    assert "password is a secret" in sentence_of(found.problem)
    assert "geheim-4711" not in sentence_of(found.problem)


def test_a_distribution_brings_packages_and_none_of_its_code_is_run(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "their_presets").mkdir()
    (directory / "their_presets" / "__init__.py").write_text("raise SystemExit('imported')")
    (directory / "our-ledger.toml").rename(directory / "their_presets" / "their-ledger.toml")

    class Distribution:
        name = "their-presets"

        def locate_file(self, path: str) -> Path:
            return directory / path

    point = EntryPoint(name="x", value="their_presets", group=PRESETS_GROUP)
    vars(point).update(dist=Distribution())
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] if group == PRESETS_GROUP else [])
    found = Extensions([EntryPoint("local-folder", "banqup_tui.connectors.local_folder:LocalFolder", "x")]).get(
        "their-ledger"
    )
    assert found is not None
    assert (found.problem, found.package) == (None, "their-presets")


def test_no_file_takes_the_place_of_a_package_of_ours(directory: Path) -> None:
    (directory / "our-ledger.toml").rename(directory / "yuki.toml")
    found = Extensions(presets=directory).get("yuki")
    assert found is not None
    assert (found.title, found.package) == ({"en": "Yuki"}, "")
