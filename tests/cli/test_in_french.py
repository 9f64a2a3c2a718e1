"""Whoever has French in the settings reads no English on the command line: help, tables, errors, prompts."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
import pytest

import banqup_tui
from banqup_tui.cli import click_words
from banqup_tui.cli.main import COMMANDS, cli
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import Unfiled
from tests.actions.fakes import a_delivery, a_document, an_extension, an_installation, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime

ENGLISH = re.compile(
    r"(?<![\w/.<=-])(the|of|is|are|it|what|with|there|this|was|be|and|for|from|not|its|by|to|that|has|does|did|"
    r"nothing|error|missing|invalid|commands|show|give|kept|say|try|help|required)(?![\w/.=>-])",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"`[^`]*`|'[^']*'|--?[a-z][\w-]*|banqup [a-z -]+|config\.toml|BANQUP_HOME\S*")
"""Commands and options are the same in every language."""


RunIn = Callable[..., str]


@pytest.fixture
def banqup_in(banqup: RunBanqup, tmp_path: Path) -> RunIn:
    """What a command says in a language, on both streams."""

    def result(language: str, runtime: FakeRuntime, *arguments: str) -> str:
        config = tmp_path / "home" / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "config.toml").write_text(f'language = "{language}"\n')
        found = banqup(runtime, *arguments)
        return found.out + found.err

    return result


def english_in(text: str) -> list[str]:
    return [found.group(0) for found in ENGLISH.finditer(_SAMPLE.sub(" ", text))]


def every_command(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    names = list(COMMANDS) if command is cli else list(getattr(command, "commands", {}))
    for name in names:
        below = cli.get_command(click.Context(cli), name) if command is cli else getattr(command, "commands", {})[name]
        assert below is not None
        yield from every_command(below, (*path, name))


def a_runtime() -> FakeRuntime:
    one = a_document("A")
    return FakeRuntime(
        all_documents=[one, a_document("B", processed=True), a_document("C", processed=True)],
        all_integrations=[an_integration("SFTP")],
        all_extensions=[msgspec.structs.replace(an_extension("sftp"), description={"en": "", "fr": ""})],
        all_installations=[an_installation("sftp")],
        all_deliveries=[
            a_delivery(
                one,
                "sftp",
                DeliveryState.FAILED,
                reason=message("delivery.document-gone"),
            )
        ],
        all_unfiled=[
            Unfiled(
                id="t",
                source="sftp",
                file_name="a.pdf",
                reason=message("delivery.document-gone"),
            )
        ],
        looked_at=[RefusedChange(key="change-1", what="Envoi", kind="SEND", at=datetime(2026, 11, 24, tzinfo=UTC))],
    )


def test_the_measure_sees_english(banqup_in: RunIn) -> None:
    assert len(english_in(banqup_in("en", a_runtime(), "send", "--help"))) > 5


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_the_help_of_every_command_is_french(banqup_in: RunIn, path: tuple[str, ...]) -> None:
    french = banqup_in("fr", a_runtime(), *path, "--help")
    assert "Usage :" in french.replace("\u00a0", " ")
    assert english_in(french) == [], french
    english = banqup_in("en", a_runtime(), *path, "--help")
    assert "Usage:" in english
    assert english != french


@pytest.mark.parametrize("path", [(), ("store",)])
def test_what_stands_for_a_command_in_the_usage_of_a_group_is_translated(
    banqup_in: RunIn, path: tuple[str, ...]
) -> None:
    assert "COMMANDE [ARGUMENTS]..." in banqup_in("fr", a_runtime(), *path, "--help")
    assert "COMMAND [ARGS]..." in banqup_in("en", a_runtime(), *path, "--help")


USUAL = [
    ("nosuchthing",), ("clent",), ("clients", "--bogus"), ("clients", "extra"), ("import",), ("import", "/nowhere.xml"),
    ("documents", "--client", "NOBODY"), ("documents", "--folder", "ATTIC"), ("send",), ("send", "--id", "NOPE"),
    ("send", "--id"), ("send", "--id", "A", "--timeout", "soon"), ("send", "--client", "PARVIS"),
    ("store", "install", "nope"), ("store", "install", "sftp", "--set", "host"), ("store", "list"),
    ("store", "configure", "sftp"), ("deliveries", "--group"), ("deliveries", "retry"), ("deliveries", "--failed"),
    ("deliveries", "dismiss", "--all", "--yes"), ("deliveries", "--failed", "--group"),
    ("integrations", "pause", "nope"), ("integrations", "add"), ("integrations", "list"),
    ("integrations", "add", "PARVIS", "sftp", "--since", "never"), ("sources", "add", "folder"), ("sources", "list"),
    ("sources", "add", "folder", "/nowhere"), ("sources", "remove", "nope"), ("sources", "accounts", "list"),
    ("to-place", "place", "x"), ("to-place", "dismiss", "nope"), ("to-place", "list"), ("rules", "remove", "nope"),
    ("rules", "list"), ("changes", "retry"), ("changes", "list"), ("changes", "clear", "--all"), ("sync",),
    ("status",), ("clients",), ("documents",), ("demo", "--clients", "0"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", USUAL, ids=" ".join)
@pytest.mark.parametrize("offline", [False, True], ids=["answers", "offline"])
def test_what_is_said_and_the_usual_errors_are_french(
    banqup_in: RunIn, arguments: tuple[str, ...], offline: bool
) -> None:
    runtime = a_runtime()
    runtime.offline = offline
    french = banqup_in("fr", runtime, *arguments)
    assert english_in(french) == [], french


def test_the_labels_of_tables_are_french(banqup_in: RunIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    labels = banqup_in("fr", a_runtime(), "documents")
    assert labels.splitlines()[0].split()[:4] == ["Id", "Client", "Dossier", "Date"] or "Dossier" in labels


def test_a_question_is_asked_and_answered_in_french(banqup_in: RunIn, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["oui\n"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: next(answers).strip())
    runtime = a_runtime()
    french = banqup_in("fr", runtime, "deliveries", "dismiss", "--all")
    assert len(runtime.session.acts) == 1, french


def test_everything_that_click_says_to_a_user_is_in_the_catalogue() -> None:
    """Fails where a newer click says something else."""
    marked = set(_marked(Path(banqup_tui.__file__).parent / "cli" / "click_words.py"))
    result = {words for file in Path(click.__file__).parent.glob("*.py") for words in _looked_up(file)}
    assert sorted(result - marked - FOR_PROGRAMMERS) == []
    assert click_words.plurals(2)


FOR_PROGRAMMERS = {
    "%(prog)s, version %(version)s", "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.", "Choice({choices})",
    "Confirm the action without prompting.", "Could not determine name for option with declarations {decls!r}",
    "Couldn't detect Bash version, shell completion is not supported.",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}", "Do you want to continue?",
    "Invalid start character for option ({option})", "Name '{name}' defined twice",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? Did you mean to"
    " pass '--{name}'?", "Press any key to continue...",
    "Shell completion is not supported for Bash versions older than 4.4.", "Unknown color {colour!r}",
    "Unknown standard stream '{name}'", "Windows error: {error}", "d", "{editor}: Editing failed",
    "{editor}: Editing failed: {e}",
}  # fmt: skip
"""What this program never has click say."""


def _looked_up(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
            texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from texts


def _marked(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
