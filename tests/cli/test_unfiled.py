"""Sources, the tray and the rules from the command line."""

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from banqup_tui.cli.runtime import CommandAnswer, Fate
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.passwords import is_password
from banqup_tui.domain.source import DropAccount, PlacingRule, RuleKind, Source, SourceKind, Unfiled
from banqup_tui.protocol.commands import (
    AddAccount,
    AddRule,
    AddSource,
    DismissUnfiled,
    PlaceFile,
    RemoveAccount,
    RemoveRule,
)
from tests.actions.fakes import PARVIS
from tests.cli.fakes import FakeRuntime

DROP = Source(
    id="drop",
    kind=SourceKind.SFTP_DROP,
    path="127.0.0.1:2022",
    fingerprint="SHA256:abc",
    accounts=(DropAccount(id="a1", name="billit", client_id=PARVIS.id),),
)
SCAN = Unfiled(
    id="7d7d0000-0000-4000-8000-000000000001",
    source="sftp billit",
    file_name="x/scan.pdf",
    reason=Message("placing.nobody-named"),
    client_id=PARVIS.id,
    folder=Folder.PURCHASE_RECEIPTS,
)
RULE = PlacingRule(id="r1", kind=RuleKind.IDENTIFIER, match="be:0465123710", client_id=PARVIS.id)


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime(all_sources=[DROP], all_unfiled=[SCAN], all_rules=[RULE])


def test_the_drop_is_opened_on_this_computer_only_unless_told_otherwise(banqup: Any, runtime: FakeRuntime) -> None:
    runtime.all_sources = []
    assert banqup(runtime, "sources", "add", "sftp").code == 0
    printed = banqup(runtime, "sources", "add", "sftp", "--listen", "0.0.0.0:2200")
    assert printed.code == 0
    added = [(one.path, one.kind) for one in runtime.session.acts if isinstance(one, AddSource)]
    assert added == [("127.0.0.1:2022", SourceKind.SFTP_DROP), ("0.0.0.0:2200", SourceKind.SFTP_DROP)]
    assert banqup(runtime, "sources", "add", "sftp", "/somewhere").code == 2
    assert banqup(runtime, "sources", "add", "folder").code == 2


def test_the_list_shows_address_and_host_key(banqup: Any, runtime: FakeRuntime) -> None:
    printed = banqup(runtime, "sources", "list")
    assert "sftp://127.0.0.1:2022" in printed.out
    assert "SHA256:abc" in printed.err


def test_an_account_gets_a_password_that_is_shown_once_and_never_given_away(banqup: Any, runtime: FakeRuntime) -> None:
    printed = banqup(
        runtime, "sources", "accounts", "add", "banqup", "--client", "PARVIS", "--folder", "sales_invoices"
    )
    assert printed.code == 0
    (body,) = runtime.session.acts
    assert isinstance(body, AddAccount)
    assert (body.source_id, body.client_id, body.folder) == ("drop", PARVIS.id, Folder.SALES_INVOICES)
    password = printed.out.strip()
    assert len(password) == 24
    assert password not in repr(body)
    assert is_password(password, body.secret or "")


def test_an_account_with_a_key_gets_no_password_and_a_private_key_is_refused(
    banqup: Any, runtime: FakeRuntime, tmp_path: Path
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_public_key(tmp_path / "id.pub")
    key.write_private_key(tmp_path / "id")
    printed = banqup(runtime, "sources", "accounts", "add", "banqup", "--key", str(tmp_path / "id.pub"))
    assert (printed.code, printed.out) == (0, "")
    (body,) = runtime.session.acts
    assert body.public_key.startswith("ssh-ed25519 ")
    assert body.secret is None
    assert banqup(runtime, "sources", "accounts", "add", "b", "--key", str(tmp_path / "id")).code == 2
    assert banqup(runtime, "sources", "accounts", "add", "b", "--key", str(tmp_path / "none")).code == 66


def test_accounts_are_listed_and_taken_away_by_name(banqup: Any, runtime: FakeRuntime) -> None:
    assert banqup(runtime, "sources", "accounts", "list").out.split() == ["billit", "password", "PARVIS", "–"]
    assert banqup(runtime, "sources", "accounts", "remove", "billit").code == 0
    assert runtime.session.acts == [RemoveAccount(account_id="a1")]
    assert banqup(runtime, "sources", "accounts", "remove", "nobody").code == 66
    runtime.all_sources = []
    assert banqup(runtime, "sources", "accounts", "add", "banqup").code == 66


def test_what_waits_is_listed_with_its_reason_and_placed(banqup: Any, runtime: FakeRuntime) -> None:
    assert "does not say whose it is" in banqup(runtime, "to-place", "list").out
    (value,) = banqup(runtime, "to-place", "list", "--json").array
    assert (value["client"]["reference"], value["folder"]) == ("PARVIS", "PURCHASE_RECEIPTS")
    args = ("--client", "PARVIS", "--folder", "purchase_receipts")
    assert banqup(runtime, "to-place", "place", SCAN.id, *args).code == 0
    assert runtime.session.acts == [PlaceFile(unfiled_id=SCAN.id, client_id=PARVIS.id, folder=Folder.PURCHASE_RECEIPTS)]
    assert banqup(runtime, "to-place", "place", "nothing", *args).code == 66
    assert banqup(runtime, "to-place", "dismiss", SCAN.id[:8]).code == 0
    assert runtime.session.acts[-1] == DismissUnfiled(unfiled_ids=(SCAN.id,))


def test_what_was_remembered_is_said(banqup: Any, runtime: FakeRuntime) -> None:
    rule = {"id": "r2", "kind": "PATH", "match": "x", "clientId": PARVIS.id, "folder": "OTHER_DOCUMENTS", "source": "s"}
    args = ("to-place", "place", SCAN.id, "--client", "PARVIS", "--folder", "OTHER_DOCUMENTS", "--remember")
    runtime.answer = lambda body: CommandAnswer(key="", fate=Fate.DONE, result={"rule": rule})
    assert f"Remembered: x/ of s is {PARVIS.name}, OTHER_DOCUMENTS" in banqup(runtime, *args).err
    runtime.answer = lambda body: CommandAnswer(key="", fate=Fate.DONE, result={"rule": None})
    assert "Nothing was remembered" in banqup(runtime, *args).err


def test_a_rule_for_mails_is_added_and_listed(banqup: Any, runtime: FakeRuntime) -> None:
    args = ("rules", "add", "--subject", "Dossier Été", "--client", "PARVIS")
    assert banqup(runtime, *args, "--folder", "purchase_receipts").code == 0
    folder = Folder.PURCHASE_RECEIPTS
    assert runtime.session.acts == [
        AddRule(kind=RuleKind.SUBJECT, match="Dossier Été", client_id=PARVIS.id, folder=folder)
    ]
    assert banqup(runtime, *args, "--sender", "x").code == 2
    assert banqup(runtime, "rules", "add", "--client", "PARVIS").code == 2
    runtime.all_rules = [PlacingRule(id="r3", kind=RuleKind.SUBJECT, match="dossier ete", client_id=PARVIS.id)]
    assert "subject: dossier ete" in banqup(runtime, "rules", "list").out


def test_rules_are_listed_and_forgotten(banqup: Any, runtime: FakeRuntime) -> None:
    assert banqup(runtime, "rules", "list").out.split() == ["r1", "0465.123.710", "–", "PARVIS", "–"]
    assert banqup(runtime, "rules", "remove", "r1").code == 0
    assert runtime.session.acts == [RemoveRule(rule_id="r1")]
    assert banqup(runtime, "rules", "remove", "r9").code == 66
