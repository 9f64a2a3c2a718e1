import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import in_language, languages, own_text


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="banqup_tui.connectors")


@pytest.fixture
def extensions() -> Extensions:
    return Extensions(
        [
            point("local-folder", "banqup_tui.connectors.local_folder:LocalFolder"),
            point("acme-ledger", "acme_ledger.nowhere:Connector"),
            point("misnamed", "banqup_tui.connectors.local_folder:LocalFolder"),
        ]
    )


def test_the_store_finds_what_the_installed_packages_bring() -> None:
    assert "local-folder" in {extension.id for extension in Extensions().all()}


def test_a_package_that_does_not_load_stands_in_the_store_with_its_reason(extensions: Extensions) -> None:
    found = {extension.id: extension for extension in extensions.all()}
    assert found["local-folder"].problem is None
    assert "does not load: “No module named 'acme_ledger'" in sentence_of(found["acme-ledger"].problem)
    assert "calls itself local-folder" in sentence_of(found["misnamed"].problem)
    assert extensions.connector("acme-ledger") is None
    assert extensions.connector("none") is None
    assert extensions.get("none") is None


def test_an_unknown_setting_is_named_with_the_nearest_one(extensions: Extensions) -> None:
    (problem,) = extensions.validate("local-folder", {"pathh": "/in"}, Level.FIRM)
    assert (problem.field, problem.title) == ("pathh", "There is no setting pathh; did you mean path?")


def test_what_the_other_level_may_still_give_is_not_missed(extensions: Extensions) -> None:
    assert extensions.validate("local-folder", {}, "firm") == []
    (problem,) = extensions.validate("local-folder", {"path": ""}, "effective")
    assert (problem.field, problem.title) == ("path", "Path is missing.")


def test_a_wrong_placeholder_is_named(extensions: Extensions) -> None:
    (problem,) = extensions.validate("local-folder", {"path": "/in/[foldr]"}, "client")
    assert problem.title == "Path: [foldr] is unknown; did you mean [folder]?"


def test_a_value_of_the_wrong_kind_is_said(extensions: Extensions) -> None:
    (problem,) = extensions.validate("local-folder", {"path": 7}, "client")
    assert problem.title == "Path: a text is needed: “7”."
    assert problem.message.params == {"setting": "Path"}


def test_settings_of_an_extension_that_is_not_there_are_refused(extensions: Extensions) -> None:
    assert extensions.validate("none", {}, "firm")[0].title == "There is no extension none in the Store."
    assert "does not load" in extensions.validate("acme-ledger", {}, "firm")[0].title


def test_looking_into_the_store_is_quick() -> None:
    """Nothing heavy is imported for the manifests."""
    code = (
        "import sys; from banqup_tui.backend.integrations.registry import Extensions; Extensions().all();"
        "print(*{'asyncssh', 'cryptography', 'httpx', 'sqlalchemy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == ""


def test_no_package_can_take_the_place_of_another() -> None:
    class Package:
        def __init__(self, name: str) -> None:
            self.name, self.version = name, "1.0"

    def of(package: str, value: str) -> EntryPoint:
        made = point("local-folder", value)
        vars(made).update(dist=Package(package))
        return made

    ours = "banqup_tui.connectors.local_folder:LocalFolder"
    found = Extensions([of("aardvark", "aardvark:Thief"), of("banqup-tui", ours)]).get("local-folder")
    assert found is not None
    assert found.problem is None


def test_a_form_can_be_drawn_from_the_schema(extensions: Extensions) -> None:
    properties = Extensions().properties("sftp")
    assert list(properties)[:5] == ["host", "port", "user", "password", "path"]
    assert properties["port"]["default"] == 22
    assert properties["path"]["x-template"]
    assert properties["path"]["x-titles"] == {"en": "Path"}
    assert Extensions().secret_names("sftp") == {"password", "private_key", "passphrase"}


def test_what_a_setting_is_can_be_read_whole_at_80_columns_in_every_language() -> None:
    too_long = []
    for language in languages():
        with in_language(language):
            for extension in Extensions().all():
                for name, of in extension.settings_schema["properties"].items():
                    text = own_text(of.get("x-help", {"en": ""}))
                    if len(text) > 76:
                        too_long.append(f"{extension.id} {name} {language}: {text}")
    assert too_long == []
