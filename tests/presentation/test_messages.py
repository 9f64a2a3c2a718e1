"""A message is a sentence and a remedy in the language in use, made where it is shown."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import banqup_tui
from banqup_tui.backend.ledger import messages as of_ledger
from banqup_tui.backend.runtime.backup import InTheWay
from banqup_tui.backend.runtime.lock import AlreadyRunning
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.messages import OF_SETTING, Message, message, message_in, of_client, text_message
from banqup_tui.formats import vocabularies
from banqup_tui.formats.refusals import REASONS
from banqup_tui.presentation.formats import use_locale
from banqup_tui.presentation.messages import (
    in_english,
    json_of,
    remedy_of,
    remedy_of_delivery,
    sentence_of,
    texts_by_code,
    words_of,
)
from banqup_tui.presentation.words import _, in_language, use_language
from banqup_tui.store import copy, copy_schema
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.query import FilterProblem, parse


@pytest.fixture(autouse=True)
def _english_after() -> Iterator[None]:
    yield
    use_language("en")


def test_every_message_has_its_sentence_in_both_languages() -> None:
    of_the_ledger = {
        one.code if isinstance(one, Message) else one for name, one in vars(of_ledger).items() if name.isupper()
    }
    codes = set(texts_by_code())
    assert of_the_ledger | set(REASONS) <= codes
    english = {code: sentence_of(Message(code)) for code in codes}
    use_language("fr")
    assert [code for code in codes if sentence_of(Message(code)) == english[code]] == ["doctor.value"]


SAME_IN_EVERY_LANGUAGE = {"{value}", "chmod 700 {path}", "banqup integrations resume {id}"}
"""Commands, and what is only a value."""


def test_every_sentence_and_every_remedy_is_french_in_french() -> None:
    use_language("fr")
    texts = {text for one in texts_by_code().values() for text in one.all}
    assert {text for text in texts if _(text) == text} == SAME_IN_EVERY_LANGUAGE


def test_every_translation_has_the_places_of_its_sentence() -> None:
    use_language("fr")
    for texts in texts_by_code().values():
        for text in texts.all:
            assert set(re.findall(r"{[^}]+}", _(text))) == set(re.findall(r"{[^}]+}", text)), text


def test_every_fault_of_this_computer_has_its_sentence() -> None:
    for code in FaultCode:
        for path in (None, Path("/srv/home")):
            fault = LocalFault(code, path)
            assert fault.message.code in texts_by_code()
            assert ("/srv/home" in sentence_of(fault.message)) is (path is not None and code is not FaultCode.NO_MEMORY)


def test_what_the_service_says_to_a_person_who_runs_it_is_in_the_persons_language() -> None:
    use_language("fr")
    assert words_of(AlreadyRunning().message) == "Le service local tourne déjà."
    assert words_of(InTheWay(Path("/srv/backup")).message).startswith("/srv/backup existe déjà.")


def test_what_is_wrong_in_a_filter_is_said_with_what_may_have_been_meant() -> None:
    problem = parse("dte:2026-11")
    assert isinstance(problem, FilterProblem)
    assert sentence_of(problem.message) == "unknown field; did you mean date: ?"
    use_language("fr")
    assert sentence_of(problem.message) == "champ inconnu\u00a0; vouliez-vous dire date:\u00a0?"


def test_a_line_of_a_log_is_a_message_only_where_it_is_one() -> None:
    assert message_in('{"code": "service.disk-full", "params": {"directory": "/srv"}}') == message(
        "service.disk-full", directory="/srv"
    )
    for line in ("", "it is broken", "[]", '{"params": {}}', "{" * 5_000):
        assert message_in(line) is None


def test_every_code_names_its_part_and_every_sentence_has_an_end() -> None:
    for code, texts in texts_by_code().items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9]+(-[a-z0-9]+)*", code)
        assert texts.sentence.endswith((".", "?", ": {reason}", "{value}")) or code.startswith(
            ("filter.", "action.")
        ), code


def test_what_the_receiver_said_is_quoted_and_not_translated() -> None:
    reason = message("integration.setting-does-not-fit", quote="Expected `int`\x1b[31m\n, got `str`")
    assert sentence_of(reason) == "A setting does not fit: “Expected `int` , got `str`”."
    use_language("fr")
    assert "«\u00a0Expected `int` , got `str`\u00a0»" in sentence_of(reason)


def test_a_code_of_a_newer_server_is_shown_with_its_parameters() -> None:
    assert sentence_of(Message("sftp.new-fault", {"server": "sftp.example"})) == "sftp.new-fault (server: sftp.example)"
    assert remedy_of(Message("sftp.new-fault")) == ""


def test_a_strangers_braces_are_taken_as_they_are() -> None:
    use_language("fr")
    built = message("folder.not-writable", directory="/a{b}/\\1")
    assert sentence_of(built) == "Le dossier /a{b}/\\1 ne peut pas être écrit."


def test_sizes_and_times_are_written_as_the_user_writes_them() -> None:
    large, quick = message("delivery.too-large", limit=25_000_000, size=26_400_000), message("sftp.signed-in", took=340)
    assert sentence_of(large) == "The receiver takes at most 25.0\xa0MB; this document has 26.4\xa0MB."
    assert sentence_of(quick) == "Signed in in 0.3 s, host key as known."
    use_locale("fr_BE")
    try:
        assert "25,0\xa0Mo" in sentence_of(large)
        assert "0,3 s" in sentence_of(quick)
    finally:
        use_locale("en_GB")


def test_a_package_of_others_may_bring_its_sentences_in_several_languages() -> None:
    built = text_message({"en": "The books are closed.", "fr": "Le dossier est clos."}, {"en": "Open them."})
    assert words_of(built) == "The books are closed. Open them."
    use_language("fr")
    assert words_of(built) == "Le dossier est clos. Open them."


def test_a_page_for_a_browser_has_a_language_of_its_own() -> None:
    with in_language("fr"):
        assert sentence_of(Message("sign-in.done")) == "Vous êtes connecté."
    assert sentence_of(Message("sign-in.done")) == "You are signed in."


def test_a_text_of_an_older_version_is_shown_as_it_was() -> None:
    reason = text_message("The ledger of {Acme} is closed.", "Open it.")
    assert (sentence_of(reason), remedy_of(reason)) == ("The ledger of {Acme} is closed.", "Open it.")
    assert json_of(reason) == {
        "code": "text",
        "params": {"text": "The ledger of {Acme} is closed.", "remedy": "Open it."},
        "message": "The ledger of {Acme} is closed.",
        "remedy": "Open it.",
    }


def test_a_parameter_that_is_a_code_becomes_a_word() -> None:
    order = message("file.other-ubl-document", what="order", name="Order")
    misplaced = message("placing.buyer-in-wrong-folder", folder="SALES_INVOICES", name="Fournil SRL")
    nameless = message("placing.no-client", seller="", buyer="Fournil SRL")
    broken = message("content.embedded-unreadable", reason="file.not-well-formed", line=12)
    assert sentence_of(order) == "This is an order (UBL Order), not an invoice or a bank statement."
    assert sentence_of(misplaced) == "It was put into Sales invoices, but Fournil SRL is the buyer."
    assert sentence_of(nameless) == "Neither a party without a name nor Fournil SRL is a client."
    assert sentence_of(broken) == "The XML inside the PDF cannot be read: The XML is not well formed at line 12."
    use_language("fr")
    assert sentence_of(order) == "C'est une commande (UBL Order), ni une facture ni un relevé bancaire."
    assert sentence_of(misplaced) == "Il a été mis dans Factures de vente, mais Fournil SRL est l'acheteur."
    assert remedy_of(misplaced) == "Regardez-le et dites de qui il est."
    assert sentence_of(broken).endswith("Le XML est mal formé à la ligne 12.")


def test_a_reader_names_only_documents_for_which_there_are_words() -> None:
    texts = texts_by_code()
    assert set(vocabularies._UBL_DOCUMENTS.values()) <= set(texts["file.other-ubl-document"].words["what"])
    assert set(vocabularies._OTHER_DOCUMENTS.values()) <= set(texts["file.other-document"].words["what"])
    formats = {*vocabularies._OTHER_FORMATS.values(), *vocabularies._OTHER_NAMESPACES.values()}
    assert formats <= set(texts["file.other-format"].words["what"])


def test_a_problem_says_the_same_in_english_whatever_language_is_in_use() -> None:
    use_language("fr")
    reason = message("extension.does-not-load", "no module", package="acme")
    assert in_english(reason) == ("The package acme does not load: “no module”.", "Repair or update the package.")


def test_the_name_of_the_client_stands_before_what_is_about_it() -> None:
    assert sentence_of(of_client(message("file.empty"), "Acme SRL")) == "Acme SRL: The file is empty."


def a_delivery(state: DeliveryState, reason: Message | None = None, **more: object) -> Delivery:
    return Delivery(
        id="d",
        integration_id="i",
        document_id="x",
        sha256="0" * 64,
        state=state,
        reason=reason,
        **more,  # type: ignore[arg-type]
    )


def test_what_to_do_about_a_delivery_follows_from_its_state_first() -> None:
    full = text_message("The disk is full.", "Make room.")
    assert remedy_of_delivery(a_delivery(DeliveryState.FAILED, full)) == "Make room."
    assert remedy_of_delivery(a_delivery(DeliveryState.FAILED)) == "Send it again when the cause is mended."
    look = "Look in the receiving software, then say whether it is there."
    assert remedy_of_delivery(a_delivery(DeliveryState.UNKNOWN, full)) == look
    assert remedy_of_delivery(a_delivery(DeliveryState.QUEUED)) == ""


def test_the_schema_of_the_copy_is_the_same_where_it_is_made_and_where_it_is_opened() -> None:
    assert copy.SCHEMA == copy_schema.SCHEMA


def test_no_code_is_written_that_has_no_sentence() -> None:
    written = set()
    for path in Path(banqup_tui.__file__).parent.rglob("*.py"):
        written |= set(re.findall(r"\b[Mm]essage\(\s*\"([a-z0-9-]+\.[a-z0-9-]+)\"", path.read_text()))
    assert written <= set(texts_by_code())
    assert len(written) > 20


RAISED = {
    "CommandRefused",
    "RequestFailure",
    "problem",
    "BanqupError",
    "UnreadableDocument",
    "Unplaced",
    "NotSent",
    "Rejected",
    "Uncertain",
}


def test_no_error_of_the_program_is_given_a_sentence() -> None:
    found = []
    for path in Path(banqup_tui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RAISED:
                arguments = (*node.args, *(word.value for word in node.keywords))
                found += [f"{path.name}:{node.lineno}" for one in arguments if _is_sentence(one)]
    assert found == []


def _is_sentence(arguments: ast.expr) -> bool:
    if isinstance(arguments, ast.JoinedStr):
        return True
    return isinstance(arguments, ast.Constant) and isinstance(arguments.value, str) and " " in arguments.value


def test_every_place_of_a_sentence_is_filled_where_its_message_is_made() -> None:
    """A parameter that is missing would be shown as a gap."""
    seen = 0
    for path in Path(banqup_tui.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in ("message", "Message"):
                continue
            code = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            arguments = {word.arg for word in call.keywords}
            if (
                not isinstance(code, str)
                or code not in texts_by_code()
                or None in arguments
                or "params" in arguments
                or len(call.args) > 2
            ):
                continue
            texts = texts_by_code()[code]
            places = set(re.findall(r"{(\w+)(?::\w+)?}", texts.sentence + texts.remedy))
            added = {OF_SETTING, "example"} if code.startswith("setting.") else set()
            assert places <= arguments | added, (code, path.name)
            seen += 1
    assert seen > 100
