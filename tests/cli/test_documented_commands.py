"""Every command, option and variable on a page of the documentation is run, and every one that there is stands there.

The commands of the pages run in their order against one new installation; then those that the pages show with
placeholders only. What needs more than that is parsed, and names the test that runs it.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from banqup_tui.cli.main import cli, run
from tests.support import papers
from tests.support.local_setup import LocalSetup, setup_in

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

ELSEWHERE_BY_TEST = {
    "tests/e2e/test_the_whole_way.py": [
        "banqup",
    ],
    "tests/e2e/test_an_export_dropped.py": [
        "banqup sources add sftp --listen 0.0.0.0:2022",
    ],
    "tests/cli/test_mailbox.py": [
        "banqup sources add mailbox --host imap.kantoor.example --user facturen@kantoor.example",
        "banqup sources add mailbox",
    ],
    "tests/connectors/test_local_folder.py": [
        "banqup store install local-folder --set path=/srv/boekhouding/[external_id]/[folder]",
    ],
    "tests/connectors/test_s3.py": [
        "banqup integrations add PARVIS s3",
    ],
    "tests/connectors/test_mail.py": [
        "banqup integrations add PARVIS email --set purchases=aankoop-1234@x --set sales=verkoop-1234@x",
    ],
    "tests/connectors/test_fava.py": [
        "banqup integrations add PARVIS fava --set ledger=boulangerie-du-parvis --set account=Liabilities:Suppliers",
    ],
    "tests/connectors/test_writing_one.py": [
        "banqup store allow acme-ledger",
        "banqup store install acme-ledger --set url=https://ledger.example --set token=-",
        "banqup integrations add PARVIS acme-ledger --set books=PARVIS",
    ],
    "tests/connectors/test_tryton.py": [
        "banqup integrations add PARVIS tryton --set company=3",
    ],
    "tests/connectors/test_webdav.py": [
        "banqup integrations add PARVIS webdav",
    ],
    "tests/connectors/test_sftp.py": [
        "banqup integrations add PARVIS sftp",
    ],
}
"""Commands with a receiver, a package or an address that an installation for tests does not have; the screen itself."""
ELSEWHERE = {line: test for test, lines in ELSEWHERE_BY_TEST.items() for line in lines}

STARTS_WITH = {
    "banqup store install email": "tests/connectors/test_mail_by_token.py",
}
"""Of these only the first is run: the second installation of one extension is refused."""

MENTIONED = {
    "banqup serve",
    "banqup serve --listen",
    "banqup serve --listen HOST:PORT",
    "banqup clients import",
    "banqup doctor",
    "banqup doctor --deep",
    "banqup send --again",
    "banqup restore",
    "banqup store allow",
    "banqup restore --empty",
    "banqup integrations add PARVIS webhook",
    "banqup store install webhook --set url=- --set secret=-",
}
"""Named in a sentence without all of their arguments; they are run below, or where `LEAVES_ELSEWHERE` says."""

LEAVES_ELSEWHERE = {
    ("store", "allow"): "tests/e2e/test_packages_of_others.py",
    ("serve",): "tests/backend/test_start.py",
    ("restore",): "tests/backend/test_data_check.py",
    ("demo",): "tests/cli/test_documented_commands.py",
    ("rules", "add"): "tests/cli/test_unfiled.py",
    ("rules", "remove"): "tests/cli/test_unfiled.py",
}
OPTIONS_ELSEWHERE = {
    "--sign-in": "tests/cli/test_sign_in.py",
    "--sign-in-by": "tests/cli/test_mailbox.py",
    "--client-id": "tests/cli/test_mailbox.py",
    "--client-secret-file": "tests/cli/test_mailbox.py",
    "--authorize-url": "tests/cli/test_mailbox.py",
    "--token-url": "tests/cli/test_mailbox.py",
    "--scope": "tests/cli/test_mailbox.py",
    "--cause": "tests/cli/test_failures_by_cause.py",
    "--key": "tests/e2e/test_an_export_dropped.py",
    "--listen": "tests/e2e/test_an_export_dropped.py",
    "--set-file": "tests/cli/test_documented_commands.py",
    "--processed": "tests/cli/test_action_runner.py",
}

EXAMPLES: list[tuple[str, int]] = [
    ("banqup import ~/more --client PARVIS --json", 0),
    ("banqup import ~/waits", 1),
    ("banqup duplicates list --json", 0),
    (
        "banqup documents correct {letter} --number 17 --counterparty Notaire --date 03/02/2026 --due 2026-03-03"
        " --vat-number BE0998765448 --iban BE43068999999501 --reference 17"
        " --gross 121 --net 100,00 --vat 21.00 --currency EUR",
        0,
    ),
    ("banqup duplicates decide {held} newer", 0),
    ("banqup send --id {held} --yes", 0),
    ("banqup documents withdraw {document} --yes", 0),
    ("banqup documents --withdrawn --json", 0),
    ("banqup documents restore {withdrawn}", 0),
    ("banqup documents move {document} --client PARVIS --folder OTHER_DOCUMENTS --yes", 0),
    ("banqup documents move {document} --folder PURCHASE_INVOICES --yes", 0),
    ("banqup clients --json", 0),
    (
        "banqup clients add Fournil --reference FOURNIL --vat-number BE0912345673 --enterprise-number 0912345673"
        " --number BE0911111102 --iban BE56363123456788 --country BE --language fr-BE --email a@example.be"
        " --first-name A --last-name B"
        " --street Rue --street-number 1 --box 2 --postal-code 4000 --city Liège",
        0,
    ),
    (
        "banqup clients edit FOURNIL --name Boulangerie --reference BOULANGERIE"
        " --vat-number BE0912345673 --enterprise-number 0912345673"
        " --number BE0911111102 --iban BE56363123456788 --country BE --language fr-BE --email a@example.be"
        " --first-name A --last-name B"
        " --street Quai --street-number 1 --box 2 --postal-code 4000 --city Liège",
        0,
    ),
    ("banqup clients archive BOULANGERIE", 0),
    ("banqup clients --archived --json", 0),
    ("banqup clients restore BOULANGERIE", 0),
    ("banqup clients export ~/clients.xlsx", 0),
    ("banqup clients import ~/clients.xlsx --dry-run --json", 0),
    ("banqup clients import ~/clients.xlsx --skip-wrong", 0),
    ("banqup documents --client PARVIS --folder PURCHASE_INVOICES --json", 0),
    ("banqup store list --json", 0),
    ("banqup store configure local-folder --set path=$HOME/other/[external_id]", 0),
    ("banqup integrations list --client PARVIS --json", 0),
    ("banqup integrations configure {integration} --folder PURCHASE_INVOICES --set path=$HOME/own", 0),
    ("banqup integrations pause {integration}", 0),
    ("banqup integrations resume {integration}", 0),
    ("banqup send --id {document} --again --wait --timeout 30 --json", 0),
    (
        "banqup integrations add PARVIS local-folder --label Second --folder PURCHASE_INVOICES --backfill"
        " --since 2020-01-01 --no-test",
        0,
    ),
    ("banqup integrations add --clients PARVIS local-folder --label Third --set path=$HOME/third --yes", 0),
    ("banqup deliveries --id {document} --json", 0),
    ("banqup deliveries --failed --group --json", 0),
    ("banqup integrations add PARVIS local-folder --label Blocked --set path=$HOME/blocked/in --no-test", 0),
    ("banqup send --id {document} --wait --timeout 30", 1),
    ("banqup deliveries export ~/failures.csv --extension local-folder --integration {blocked}", 0),
    ("banqup deliveries export ~/every.csv --all", 0),
    ("banqup deliveries retry --all --again --yes", 0),
    ("banqup send --id {document} --wait --timeout 30", 1),
    ("banqup deliveries retry --integration {blocked} --extension local-folder --yes", 0),
    ("banqup send --id {document} --wait --timeout 30", 1),
    ("banqup deliveries dismiss --integration {blocked} --extension local-folder --yes", 0),
    ("banqup deliveries dismiss --all --yes", 0),
    ("banqup sources accounts add second --client PARVIS --folder OTHER_DOCUMENTS", 0),
    ("banqup sources accounts list --json", 0),
    ("banqup sources accounts remove second", 0),
    ("banqup sources list --json", 0),
    ("banqup sources remove {source}", 0),
    ("banqup to-place list --json", 0),
    ("banqup to-place place {waiting} --client PARVIS --folder OTHER_DOCUMENTS --remember", 0),
    ("banqup to-place dismiss {waiting}", 0),
    ("banqup rules list --json", 0),
    ("banqup changes list --json", 0),
    ("banqup changes retry --all", 0),
    ("banqup changes clear --all", 0),
    ("banqup store configure webdav --set-file password=$HOME/secret", 0),
    ("banqup sync", 0),
    ("banqup status --json", 0),
    ("banqup integrations remove {blocked} --yes", 0),
    ("banqup doctor --deep --json", 0),
    (
        "banqup sources add mailbox --host 127.0.0.1 --port 1 --user facturen --folder Factures --starttls"
        " --since 2026-10-01 --password-file ~/secret",
        0,
    ),
    ("banqup sources add mailbox --move-to Done", 0),
    ("banqup backup ~/backup", 0),
    ("banqup integrations remove {integration} --yes", 0),
    ("banqup store deactivate local-folder --yes", 0),
    ("banqup store uninstall local-folder --yes", 0),
]

VARIABLES = {
    "BANQUP_HOME": "tests/cli/test_documented_commands.py",
    "BANQUP_SPACE_NAME": "tests/backend/test_start.py",
    "BANQUP_STAY": "tests/backend/test_start.py",
    "BANQUP_IDLE_SECONDS": "tests/backend/test_start.py",
    "BANQUP_LOG_LEVEL": "tests/backend/test_start.py",
    "BANQUP_LISTEN": "tests/backend/test_start.py",
    "BANQUP_HOSTS": "tests/backend/test_start.py",
}
"""The test that shows what each does."""

NOT_FOR_USERS = {"BANQUP_KILL_AT", "BANQUP_COMPLETE", "BANQUP_AS_MESSAGES"}

_NAMES = {"PARVIS", "PURCHASE_INVOICES", "OTHER_DOCUMENTS"}
_PLACEHOLDER = re.compile(r"[\[(|)\]]|[A-Z]{2,}(\|[A-Z]+)*…?\]?\)?|[A-Z]=[A-Z]+")


def documented() -> list[str]:
    """Every command on the pages that begins with `banqup`, without comments, joined where it goes on."""
    found: list[str] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        found += re.findall(r"^ {4,}(banqup(?: .*)?)$", text, flags=re.M)
        found += [line.replace("\n", " ") for line in re.findall(r"`(banqup(?: [^`]*)?)`", text)]
    return list(dict.fromkeys(_bare(line) for line in found))


def _bare(line: str) -> str:
    """Without what is said beside it: a comment, a pipe, or words after two spaces."""
    line = re.split(r"\s+#|\s{2,}(?=[^\s-])| \| (?=jq)", line.strip())[0]
    return re.sub(r"\s+", " ", line).replace("\\|", "|")


def is_shape(line: str) -> bool:
    """It shows what can be given, with placeholders; else it is a command as it is typed."""
    words = line.replace("'", " ").replace('"', " ").split()[1:]
    if any(word.startswith(("[--", "[[", "(", "|", "[CLIENT")) or word in ("…", "|") for word in words):
        return True
    return any(_PLACEHOLDER.fullmatch(word) and word not in _NAMES for word in words) or line.endswith("(…)")


def words_of(line: str) -> list[str]:
    plain = line.replace("SHA256:…", f"SHA256:{'A' * 43}").replace("…", "x")
    expanded = [os.path.expandvars(word) for word in shlex.split(plain)]
    return [str(Path(word).expanduser()) if word.startswith("~") else word for word in expanded][1:]


def leaf_of(words: Sequence[str]) -> tuple[tuple[str, ...], click.Command]:
    """The command that these words name. Raises `LookupError` where there is none."""
    command: click.Command = cli
    path: tuple[str, ...] = ()
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            if command.invoke_without_command and path:
                break
            raise LookupError(f"there is no command {' '.join([*path, word])}")
        command, path = found, (*path, word)
    return path, command


def leaves(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    if command.invoke_without_command and path:
        yield path, command
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        assert found is not None
        yield from leaves(found, (*path, name))


def options_of(command: click.Command) -> list[list[str]]:
    return [parameter.opts for parameter in command.params if isinstance(parameter, click.Option)]


def elsewhere(line: str) -> str | None:
    plain = " ".join(shlex.split(line.replace("…", "x")))
    began = next((test for start, test in STARTS_WITH.items() if plain.startswith(start)), None)
    return ELSEWHERE.get(plain) or began


SHAPES = [line for line in documented() if is_shape(line)]
TYPED = [line for line in documented() if not is_shape(line)]


def test_the_pages_are_read() -> None:
    assert len(SHAPES) > 35
    assert len(TYPED) > 35
    assert "banqup import ~/inbox --create-clients" in TYPED


def test_every_command_and_option_on_the_pages_is_there() -> None:
    wrong = []
    for line in documented():
        words = line.replace("(", " ").replace("[", " ").split()[1:]
        try:
            path, command = leaf_of([word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)])
        except LookupError as error:
            wrong.append(f"{line}: {error}")
            continue
        known = {name for names in options_of(command) for name in names} | {"--help", "--version"}
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line):
            if option not in known:
                wrong.append(f"{line}: {' '.join(path)} has no option {option}")
    assert wrong == []


def test_every_command_and_option_that_there_is_stands_in_the_reference() -> None:
    missing = []
    for path, command in leaves():
        rows = _rows_of(path)
        if not re.search(rf"`(banqup )?({' '.join(path)}|{path[-1]})\b", rows):
            missing.append(" ".join(path))
        missing += [
            f"{' '.join(path)} {names[0]}"
            for names in options_of(command)
            if not any(f"{name}" in rows for name in names)
        ]
    assert missing == []


def _rows_of(path: tuple[str, ...]) -> str:
    """The rows of the table about one command of the first level, with those that go on from it."""
    rows: list[str] = []
    of_command = False
    for line in REFERENCE.splitlines():
        if line.startswith("| `banqup "):
            of_command = line.split("`")[1].split()[1].strip("|") == path[0]
        elif not line.startswith("| …"):
            of_command = False
        if of_command:
            rows.append(line)
    prose = [line for line in REFERENCE.splitlines() if not line.startswith("|")]
    return "\n".join([*rows, *(line for line in prose if "`--" in line)])


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSetup]:
    with setup_in(tmp_path_factory.mktemp("documented")) as made:
        yield made


def furnished(home: Path) -> None:
    parvis = papers.company("Parvis", "0465123710")
    for name in ("inbox", "more", "waits", "banqup-export"):
        (home / name).mkdir()
    (home / "inbox/first.xml").write_bytes(papers.invoice(buyer=parvis))
    (home / "more/second.xml").write_bytes(papers.invoice(buyer=parvis, number="2026-00418"))
    for at in range(2):  # the same invoice in other bytes
        (home / f"more/third-{at}.xml").write_bytes(papers.invoice(buyer=parvis, number="3") + b"\n" * at)
        (home / f"more/fourth-{at}.xml").write_bytes(papers.invoice(buyer=parvis, number="4") + b"\n" * at)
    (home / "more/letter.pdf").write_bytes(papers.letter("A letter that is placed"))
    (home / "blocked").touch()
    (home / "secret").write_text("geheim")
    for number in range(2):
        (home / f"waits/{number}.pdf").write_bytes(papers.letter(f"Letter {number}"))


def test_every_documented_command_runs_in_a_new_installation(
    setup: LocalSetup, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = setup.root / "user"
    home.mkdir()
    furnished(home)
    for name, value in {**setup.environment, "HOME": str(home), "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    setup.start_backend()
    wrong: list[tuple[str, int, str]] = []
    ran: list[list[str]] = []

    def one(line: str, wanted: int) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("geheim\n"))
        ran.append(words_of(line))
        code = run(ran[-1])
        _, err = capfd.readouterr()
        if code != wanted:
            wrong.append((line, code, err[-300:]))

    for line in TYPED:
        if line in MENTIONED or elsewhere(line):
            continue
        one(line, 0)
    for line, wanted in EXAMPLES:
        one(_with_ids(line, setup), wanted)
    assert wrong == [], "\n".join(str(failure) for failure in wrong)
    assert sorted(path.name for path in home.iterdir() if path.name.startswith(".")) == []
    _all_was_run(ran)


def _with_ids(line: str, setup: LocalSetup) -> str:
    """Identifiers as they stand in the installation at that moment."""
    tables = {
        "integration": "SELECT id FROM integration WHERE label = 'Local folder'",
        "blocked": "SELECT id FROM integration WHERE label = 'Blocked'",
        "document": "SELECT id FROM document ORDER BY created_at LIMIT 1",
        "held": "SELECT id FROM document WHERE duplicate = 'HELD' LIMIT 1",
        "withdrawn": "SELECT id FROM document WHERE withdrawn_at IS NOT NULL LIMIT 1",
        "letter": "SELECT id FROM document WHERE json_extract(CAST(value AS TEXT), '$.kind') = 'OTHER' LIMIT 1",
        "waiting": "SELECT id FROM to_place LIMIT 1",
        "source": "SELECT id FROM source WHERE kind = 'FOLDER'",
    }
    connection = sqlite3.connect(setup.dirs.backend / "banqup.sqlite")
    try:
        for name, statement in tables.items():
            if f"{{{name}}}" in line:
                line = line.replace(f"{{{name}}}", connection.execute(statement).fetchone()[0])
    finally:
        connection.close()
    return line


def _all_was_run(ran: Sequence[Sequence[str]]) -> None:
    """Each command and each of its options, here or in the test that is named for it."""
    entered: dict[tuple[str, ...], set[str]] = {}
    for words in ran:
        path, _ = leaf_of(words)
        entered.setdefault(path, set()).update(words)
    missing = []
    for path, command in leaves():
        if path in LEAVES_ELSEWHERE:
            continue
        if path not in entered:
            missing.append(" ".join(path))
            continue
        for names in options_of(command):
            if not entered[path] & set(names) and not set(names) & OPTIONS_ELSEWHERE.keys():
                missing.append(f"{' '.join(path)} {names[0]}")
    assert missing == []


def test_what_is_run_elsewhere_names_a_test_that_is_there() -> None:
    named = [*ELSEWHERE.values(), *STARTS_WITH.values(), *LEAVES_ELSEWHERE.values(), *OPTIONS_ELSEWHERE.values()]
    assert [test for test in named if not (ROOT / test).is_file()] == []
    typed = {" ".join(shlex.split(line.replace("…", "x"))) for line in TYPED}
    assert [line for line in ELSEWHERE if line not in typed] == []
    assert [option for option, test in OPTIONS_ELSEWHERE.items() if option not in _text(test)] == []
    assert [path for path, test in LEAVES_ELSEWHERE.items() if f'"{path[-1]}"' not in _text(test)] == []


def _text(test: str) -> str:
    return (ROOT / test).read_text(encoding="utf-8")


def test_every_target_of_make_on_the_pages_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:^ {4,}|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.M)
    }
    assert named <= targets
    assert "run" in named


def test_every_variable_has_a_test_and_stands_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"\bBANQUP_[A-Z_]+", pages)) == VARIABLES.keys()
    assert [name for name, test in VARIABLES.items() if name not in _text(test)] == []
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "banqup_tui").rglob("*.py"))
    assert set(re.findall(r"\"(BANQUP_[A-Z_]+)\"", code)) - NOT_FOR_USERS <= VARIABLES.keys()


def test_every_setting_of_the_settings_file_is_tried() -> None:
    settings = re.findall(r"^    (\w+) = \"", REFERENCE, flags=re.M)
    tried = _text("tests/test_settings.py")
    assert settings
    assert [name for name in settings if name not in tried] == []


def test_json_is_one_array_wherever_it_is_offered(
    setup: LocalSetup, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in setup.environment.items():
        monkeypatch.setenv(name, value)
    lists = [line for line, _ in EXAMPLES if line.endswith(" list --json") or line in ("banqup clients --json",)]
    capfd.readouterr()
    for line in lists:
        assert run(words_of(line)) == 0
        assert isinstance(json.loads(capfd.readouterr().out), list), line


def test_the_sample_firm_is_made_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with setup_in(tmp_path) as made:
        for name, value in {**made.environment, "BANQUP_SPACE_NAME": "Meuse"}.items():
            monkeypatch.setenv(name, value)
        assert run(["demo", "--clients", "1", "--documents", "4", "--seed", "1"]) == 0
        capfd.readouterr()
        assert run(["clients", "--json"]) == 0
        assert len(json.loads(capfd.readouterr().out)) == 1
