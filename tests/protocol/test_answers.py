"""Nothing that a server, a receiver or a package says acts on a terminal, a log, a reader or a spreadsheet."""

import inspect
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.actions.csv_export import as_text
from banqup_tui.backend.api import commands
from banqup_tui.backend.connector_host.definition import sound
from banqup_tui.backend.redaction import RedactingFormatter, Redactor
from banqup_tui.backend.runtime import components
from banqup_tui.cli.main import run
from banqup_tui.cli.output import print_array
from banqup_tui.connectors.interface import NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.extension import Category, Extension, ReceiverKind
from banqup_tui.domain.messages import text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.setting_rules import flaw_of, value_of
from banqup_tui.domain.text import clean, without_controls
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.answers import harmless
from banqup_tui.protocol.file_batch import StoredFiles
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import (
    BackfillCount,
    Changes,
    Command,
    CommandResult,
    CommandResults,
    DocumentsPage,
    MailboxProvider,
    SignIn,
    SignInRequest,
    Snapshot,
    TestRequest,
    TestResult,
)
from banqup_tui.protocol.problems import Problem, ProblemType
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.query import DocumentQuery, Filter, parse
from banqup_tui.store.readers import Readers
from banqup_tui.sync import http
from banqup_tui.sync.errors import ServerDown, SyncError
from tests.support.intake_harness import IntakeHarness

HOSTILE = (
    "a\x1b[31mred\x1b]0;TITLE\x07\x1b]52;c;eA==\x1b\\b\x9b1m\x85\u2028\u202egnp\u200b\u2066c\u2069\ufeff\U000e0041"
    "\x7fd\x00"
)
ACTS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
ENDPOINT = Endpoint(socket="nowhere", instance_id="i", protocol=2, space_id="s", pid=1)


def hostile(kind: msgspec.inspect.Type) -> Any:
    """A value of this type as it is on the wire, each text in it hostile."""
    match kind:
        case msgspec.inspect.StrType():
            return "0" * 64 if kind.pattern else HOSTILE
        case msgspec.inspect.StructType():
            return {field.encode_name: hostile(field.type) for field in kind.fields}
        case msgspec.inspect.UnionType():
            return hostile(next(one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)))
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return [hostile(kind.item_type)]
        case msgspec.inspect.DictType():
            return {HOSTILE: hostile(kind.value_type)}
        case msgspec.inspect.AnyType() | msgspec.inspect.RawType():
            return {HOSTILE: [HOSTILE, {"pattern": HOSTILE}]}
        case msgspec.inspect.EnumType():
            return next(iter(kind.cls)).value
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.DateTimeType():
            return "2026-11-20T12:00:00Z"
        case msgspec.inspect.DateType():
            return "2026-11-20"
    raise AssertionError(f"no hostile value of {kind}")


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts_of(name)
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, msgspec.Raw):
        yield from texts_of(msgspec.json.decode(value))
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name))


def answering(kind: Any, status: int = 200, media_type: str = "application/json") -> http.Server:
    content = msgspec.json.encode(hostile(msgspec.inspect.type_info(kind)))
    answer = httpx.Response(status, content=content, headers={"Content-Type": media_type})
    return http.Server(ENDPOINT, httpx.MockTransport(lambda _request: answer))


Ask = Callable[[http.Server], Coroutine[Any, Any, Any]]
ASKED: dict[str, tuple[Any, Ask]] = {
    "snapshot": (Snapshot, lambda server: server.snapshot()),
    "documents": (DocumentsPage, lambda server: server.documents(None, None, "c")),
    "changes": (Changes, lambda server: server.changes("c")),
    "extensions": (tuple[Extension, ...], lambda server: server.extensions()),
    "attempts": (list[Attempt], lambda server: server.attempts("d")),
    "backfill": (BackfillCount, lambda server: server.backfill("c", (), None)),
    "commands": (CommandResults, lambda server: server.commands(())),
    "withdraw": (CommandResult, lambda server: server.withdraw("k", "e.1")),
    "put_files": (StoredFiles, lambda server: server.put_files([("a", b"b")])),
    "test": (TestResult, lambda server: server.test(TestRequest(extension_id="x"))),
    "begin_sign_in": (SignIn, lambda server: server.begin_sign_in(SignInRequest(extension_id="x", field="f"))),
    "sign_in": (SignIn, lambda server: server.sign_in("i")),
    "return_to": (SignIn, lambda server: server.return_to("i", "a")),
    "set_mailbox_password": (TestResult, lambda server: server.set_mailbox_password("s", Secret("p"))),
    "begin_mailbox_sign_in": (SignIn, lambda server: server.begin_mailbox_sign_in(PROVIDER)),
    "set_mailbox_sign_in": (TestResult, lambda server: server.set_mailbox_sign_in("s", "i", PROVIDER)),
    "test_source": (TestResult, lambda server: server.test_source("s")),
}
PROVIDER: MailboxProvider = MailboxProvider(sign_in_by="other", user="u", client_id="c")
WITHOUT_JSON = {"close", "events", "put_file", "download"}


@pytest.mark.parametrize("name", ASKED)
async def test_no_text_of_an_answer_acts_on_a_terminal(name: str) -> None:
    kind, ask = ASKED[name]
    texts = list(texts_of(await ask(answering(kind))))
    assert texts
    assert [text for text in texts if ACTS.search(text)] == []


def test_no_question_to_the_server_is_left_out() -> None:
    asked = {name for name, of in inspect.getmembers(http.Server) if inspect.iscoroutinefunction(of) and name[0] != "_"}
    assert asked - WITHOUT_JSON == set(ASKED)


@pytest.mark.parametrize("status", [400, 401, 409, 422, 429, 500, 503])
async def test_no_text_of_a_refusal_acts_on_a_terminal(status: int) -> None:
    with pytest.raises(SyncError) as refused:
        await answering(Problem, status, "application/problem+json").snapshot()
    assert not ACTS.search(f"{refused.value} {refused.value.remedy}")


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63), 10**400])
async def test_a_number_of_more_than_64_bits_is_an_answer_that_cannot_be_read(number: int) -> None:
    content = json.dumps({"changes": [], "cursor": "c", "seq": 1, "other": number}).encode()
    answer = httpx.Response(200, content=content, headers={"Content-Type": "application/json"})
    with pytest.raises(ServerDown, match="answer-unreadable"):
        await http.Server(ENDPOINT, httpx.MockTransport(lambda _request: answer)).changes("c")


@pytest.mark.parametrize("number", [2**63, 10**400])
def test_a_command_with_such_a_number_is_refused(number: int, tmp_path: Path) -> None:
    harness = IntakeHarness(tmp_path)
    body = json.dumps({"installationId": "i", "settings": {"limit": number}}).encode()
    key = "11111111-1111-4111-8111-111111111111"
    command = Command(key=key, kind="CONFIGURE", seen=harness.seen(), body=msgspec.Raw(body))
    problem = commands.run(harness.services, components.handlers(), "user", command).problem
    assert problem is not None
    assert problem.type == ProblemType.BAD_REQUEST


@pytest.mark.parametrize(
    "line", ["gross:>{}", "{}", "net:1..{}", "date:{}", "date:2026-{}", "date:²⁰²⁶", "date:2026-²"]
)
@pytest.mark.parametrize("digits", [17, 30, 5_000])
def test_a_number_that_was_typed_or_pasted_is_looked_for_or_said_to_be_none(
    line: str, digits: int, tmp_path: Path
) -> None:
    with (
        closing(LocalCopy.open(tmp_path / "copy.sqlite")) as copy,
        closing(Outbox.open(tmp_path / "out.sqlite")) as outbox,
    ):
        found = parse(line.format("9" * digits))
        if isinstance(found, Filter):
            assert list(Readers(copy, outbox).listing(DocumentQuery(client_id="c", filter=found))) == []


def test_a_number_in_a_setting_has_room_on_the_wire() -> None:
    assert value_of({"type": "integer"}, str(2**63)) == str(2**63)
    assert flaw_of({"x-look": "number", "type": "integer"}, str(2**63)) is not None


def test_what_is_harmless_stays_as_it_came() -> None:
    body = '{"name":"Café ☕ 東京 naïve  two spaces","n":9223372036854775807,"s":"\\"\\\\"}'.encode()
    assert json.loads(harmless(body)) == json.loads(body)
    lines = b'{"settings":{"text":"Dear,\\n\\tsee below"},"name":"one\\ntwo"}'
    assert json.loads(harmless(lines)) == {"settings": {"text": "Dear,\n\tsee below"}, "name": "one two"}


@given(st.text())
def test_cleaned_text_holds_nothing_hidden(text: str) -> None:
    assert clean(without_controls(text)) == clean(text)
    assert not ACTS.search(without_controls(text))
    assert without_controls(without_controls(text)) == without_controls(text)


# a receiver, a connector, a package


def test_what_a_receiver_says_is_cleaned_where_it_enters() -> None:
    redactor = Redactor([])
    for one_error in (NotSent(HOSTILE, HOSTILE), Rejected(HOSTILE, HOSTILE), Uncertain(HOSTILE)):
        printed = redactor.error(one_error)
        assert not ACTS.search(f"{printed} {printed.sentence} {printed.remedy}")
    receipt = redactor.result(Receipt(text=HOSTILE, reference=HOSTILE))
    step = redactor.message(text_message({"en": HOSTILE, "fr": HOSTILE}, HOSTILE))
    assert not [text for text in (*texts_of(receipt), *texts_of(step)) if ACTS.search(text)]


def test_what_a_package_says_of_itself_is_cleaned_where_it_enters() -> None:
    extension = Extension(
        id="x",
        title={"en": HOSTILE},
        description={"en": HOSTILE},
        category=Category.OTHER,
        kind=ReceiverKind.NEITHER,
        version=HOSTILE,
        settings_schema={"properties": {"a": {"enum": [HOSTILE], "x-titles": {"en": HOSTILE}}}},
    )
    assert not [text for text in texts_of(sound(extension)) if ACTS.search(text)]


def test_a_line_of_the_log_holds_no_escape() -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "it answered %s", (HOSTILE,), None)
    assert not ACTS.search(RedactingFormatter("%(message)s").format(record))


def test_a_pattern_of_a_package_is_not_run_where_it_could_take_hours() -> None:
    assert flaw_of({"type": "string", "pattern": "^(a+)+$"}, "a" * 60 + "!") is None


def test_the_choices_of_a_setting_are_said_without_escapes() -> None:
    flaw = flaw_of({"enum": [HOSTILE]}, "other")
    assert flaw is not None
    assert not ACTS.search(sentence_of(flaw.message))


# the command line, a file


@pytest.mark.parametrize(
    "arguments", [[HOSTILE], ["send", "--folder", HOSTILE], ["sources", "add", HOSTILE], [f"--{HOSTILE}"]]
)
def test_what_was_typed_wrong_is_repeated_without_escapes(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert not ACTS.search(capsys.readouterr().err)


def test_json_has_escapes_for_what_acts_and_its_values_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    written_bytes = io.BytesIO()
    out = io.TextIOWrapper(written_bytes, encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    print_array([{"name": HOSTILE, "é": "日本"}])
    written = written_bytes.getvalue().decode()
    assert not ACTS.search(written)
    assert "日本" in written
    assert json.loads(written) == [{"name": HOSTILE, "é": "日本"}]


@given(st.text(alphabet="=+-@|%;,\t\r\n \"'a1＝\u200b\x07"))
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits(text: str) -> None:
    for separator in ";,\t":
        for part in as_text(text).split(separator):
            is_number = re.fullmatch(r"-?[0-9]+([.,][0-9]+)?", part)
            assert is_number or not part.lstrip(' "').startswith(tuple("=+-@|%＝")), as_text(text)


@pytest.mark.parametrize("number", ["-72.03", "-5", "12,50", "0"])
def test_a_negative_amount_stays_a_number(number: str) -> None:
    assert as_text(number) == number
