# ruff: noqa: ASYNC221, ASYNC240
import asyncio
import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banqup_tui.connectors.common.hidden_file import hidden_name, resume_token_of
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.connectors.local_folder import LocalFolder, LocalFolderSettings
from tests.support.delivery_requests import BYTES, delivery_request, pdf_file
from tests.support.messages import raising, remedy, sentence


def into(tmp_path: Path, rest: str = "[external_id]/[folder]", **more: Any) -> LocalFolderSettings:
    return LocalFolderSettings(path=f"{tmp_path}/in/{rest}", **more)


async def send(settings: LocalFolderSettings, what: DeliveryRequest) -> Receipt:
    async with LocalFolder().connect(settings) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def roll_forward(settings: LocalFolderSettings, what: DeliveryRequest, resume_token: str) -> Receipt:
    async with LocalFolder().connect(settings) as channel:
        return await channel.roll_forward(what, resume_token)


def files(tmp_path: Path) -> list[str]:
    root = tmp_path / "in"
    return sorted(str(seen.relative_to(root)) for seen in root.rglob("*") if seen.is_file())


async def test_a_document_appears_in_its_folder_under_its_number(tmp_path: Path, store: Path) -> None:
    receipt = await send(into(tmp_path), delivery_request(store))
    assert receipt.text == f"{tmp_path}/in/PARVIS/purchases/2026-11874.xml"
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml"]
    assert Path(receipt.text).read_bytes() == BYTES


async def test_nothing_is_seen_before_the_commit(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = resume_token_of(await channel.prepare(delivery_request(store)))
    assert files(tmp_path) == [f"PARVIS/purchases/{hidden_name(delivery_request(store))}"]
    assert resume_token.final.endswith("/2026-11874.xml")


async def test_another_file_of_the_same_name_keeps_its_place(tmp_path: Path, store: Path) -> None:
    first = await send(into(tmp_path), delivery_request(store))
    Path(first.text).write_bytes(b"theirs")
    second = await send(
        into(tmp_path), delivery_request(store, b"other", delivery_id="aaaa0000-0000-4000-8000-000000000000")
    )
    assert Path(first.text).read_bytes() == b"theirs"
    assert second.text.endswith("/2026-11874_aaaa0000.xml")
    assert Path(second.text).read_bytes() == b"other"


async def test_a_name_that_is_taken_between_prepare_and_commit_is_left_alone(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        Path(resume_token_of(resume_token).final).write_bytes(b"theirs")
        receipt = await channel.commit(delivery_request(store), resume_token)
    assert Path(resume_token_of(resume_token).final).read_bytes() == b"theirs"
    assert Path(receipt.text).read_bytes() == BYTES


async def test_another_copy_gets_a_name_of_its_own(tmp_path: Path, store: Path) -> None:
    await send(into(tmp_path), delivery_request(store))
    await send(into(tmp_path), delivery_request(store, generation=2))
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml", "PARVIS/purchases/2026-11874_4f1c9a27-2.xml"]


async def test_rolling_forward_what_was_not_done_does_it_once(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    first = await roll_forward(into(tmp_path), delivery_request(store), resume_token)
    second = await roll_forward(into(tmp_path), delivery_request(store), resume_token)
    assert first == second
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml"]


async def test_what_its_reader_took_away_is_not_sent_again(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        taken = await channel.commit(delivery_request(store), resume_token)
        Path(taken.text).unlink()
        again = await channel.roll_forward(delivery_request(store), resume_token)
    assert again.text == taken.text
    assert files(tmp_path) == []


async def test_a_drive_that_is_not_there_says_nothing_about_arrival(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    (tmp_path / "in").rename(tmp_path / "unplugged")
    with raising(Uncertain, match="is not there now"):
        await roll_forward(into(tmp_path), delivery_request(store), resume_token)
    (tmp_path / "unplugged").rename(tmp_path / "in")
    await roll_forward(into(tmp_path), delivery_request(store), resume_token)
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml"]


async def test_an_attempt_that_was_thought_dead_cannot_touch_its_successors_file(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        old = await channel.prepare(delivery_request(store, attempt=1))
        new = await channel.prepare(delivery_request(store, attempt=2))
        assert not Path(resume_token_of(old).hidden).exists()
        with pytest.raises(Uncertain):
            await channel.commit(delivery_request(store, attempt=1), old)
        late = await channel.prepare(delivery_request(store, attempt=1))
        await channel.commit(delivery_request(store, attempt=2), new)
        await channel.discard(late)
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml"]


async def test_what_is_given_up_leaves_nothing(tmp_path: Path, store: Path) -> None:
    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        await channel.discard(resume_token)
        await channel.discard(resume_token)
        await channel.discard("nonsense")
    assert files(tmp_path) == []


async def test_bytes_that_changed_are_not_sent(tmp_path: Path, store: Path) -> None:
    what = delivery_request(store)
    what.file.write_bytes(b"damaged")
    with raising(Rejected, match="damaged"):
        await send(into(tmp_path), what)
    what.file.unlink()
    with raising(Rejected, match="no longer kept"):
        await send(into(tmp_path), what)
    assert files(tmp_path) == []


async def test_a_file_in_the_way_of_the_path_is_for_a_person_to_mend(tmp_path: Path, store: Path) -> None:
    (tmp_path / "in").write_text("in the way")
    with raising(NotSent, match="not a folder") as caught:
        await send(into(tmp_path), delivery_request(store))
    assert caught.value.fault is Fault.PERSON
    assert remedy(caught.value)


@pytest.mark.parametrize(
    ("number", "fault", "words"),
    [
        (errno.ENOSPC, Fault.INTEGRATION, "The disk is full"),
        (errno.EDQUOT, Fault.INTEGRATION, "quota"),
        (errno.EROFS, Fault.PERSON, "read-only"),
        (errno.EACCES, Fault.PERSON, "may not be written to"),
        (errno.EIO, Fault.INTEGRATION, "cannot be written to now"),
    ],
)
async def test_each_trouble_of_a_disk_has_its_sentence(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, number: int, fault: Fault, words: str
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    what = delivery_request(store)
    (tmp_path / "in/PARVIS/purchases").mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", refuse)
    with raising(NotSent, match=words) as caught:
        await send(into(tmp_path), what)
    assert caught.value.fault is fault
    assert files(tmp_path) == []


async def test_a_path_too_long_for_the_disk_is_refused(tmp_path: Path, store: Path) -> None:
    with raising(Rejected, match="too long"):
        await send(into(tmp_path, "/".join(["[client_name]"] * 80)), delivery_request(store, client_name="x" * 200))


async def test_a_disk_that_fails_after_the_rename_leaves_it_uncertain(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with LocalFolder().connect(into(tmp_path)) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        with monkeypatch.context() as failing:
            failing.setattr(os, "fsync", refuse)
            with pytest.raises(Uncertain):
                await channel.commit(delivery_request(store), resume_token)
        await channel.roll_forward(delivery_request(store), resume_token)
    assert files(tmp_path) == ["PARVIS/purchases/2026-11874.xml"]


async def test_a_drive_without_an_exclusive_rename_is_served_too(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banqup_tui.connectors.common.rename._exclusive_rename", lambda: lambda *_: errno.EINVAL)
    for generation in (1, 2):
        await send(into(tmp_path), delivery_request(store, generation=generation))
    assert len(files(tmp_path)) == 2


async def test_many_at_once_with_the_same_name_all_arrive(tmp_path: Path, store: Path) -> None:
    whats = [
        delivery_request(store, b"%d" % at, delivery_id=f"{at:08}-0000-4000-8000-000000000000") for at in range(20)
    ]
    receipts = await asyncio.gather(*(send(into(tmp_path), what) for what in whats))
    assert len({receipt.text for receipt in receipts}) == 20
    assert {Path(receipt.text).read_bytes() for receipt in receipts} == {b"%d" % at for at in range(20)}


async def test_the_test_makes_the_folder_and_writes_into_it(tmp_path: Path, store: Path) -> None:
    steps = await LocalFolder().test(into(tmp_path), delivery_request(store))
    assert [step.ok for step in steps] == [True, True]
    assert sentence(steps[1]) == "A file could be written, renamed and taken away."
    assert (tmp_path / "in/PARVIS/purchases").is_dir()
    assert files(tmp_path) == []
    assert [step.ok for step in await LocalFolder().test(into(tmp_path), None)] == [True, True]


async def test_the_test_says_what_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("in the way")
    (step,) = await LocalFolder().test(into(tmp_path), None)
    assert not step.ok
    assert remedy(step)


def test_settings_are_checked_before_they_are_kept() -> None:
    def codes(**given: str) -> list[str]:
        return [problem.reason.code for problem in LocalFolder().check(given, complete=True)]

    assert codes(path="/srv/in/[folder]", file_name="[number]") == []
    assert codes(path="srv/in") == ["setting.path-not-whole"]
    assert codes(path="~/in") == []
    assert codes(path="/in", file_name="a/[number]") == ["setting.slash-in-name"]


SENDER = """
import asyncio, sys
from pathlib import Path
from banqup_tui.connectors.local_folder import LocalFolder, LocalFolderSettings
from tests.support.delivery_requests import delivery_request, pdf_file

async def main(root: Path) -> None:
    async with LocalFolder().connect(LocalFolderSettings(path=f"{root}/in", pdf_along=True)) as channel:
        what = delivery_request(root / "store", pdf=pdf_file(root / "store"))
        resume_token = await channel.prepare(what)
        (root / "remnant").write_text(resume_token)
        await channel.commit(what, resume_token)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("where", ["rename.before", "rename.pdf", "rename.after"])
async def test_a_process_killed_at_the_rename_delivers_exactly_once(tmp_path: Path, store: Path, where: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", SENDER, str(tmp_path)], env={**os.environ, "BANQUP_KILL_AT": where}, timeout=60
    )
    assert killed.returncode == -9
    assert (tmp_path / "in/2026-11874.pdf").exists() is (where != "rename.before")
    assert (tmp_path / "in/2026-11874.xml").exists() is (where == "rename.after")
    settings = LocalFolderSettings(path=f"{tmp_path}/in", pdf_along=True)
    what = delivery_request(store, pdf=pdf_file(store))
    receipt = await roll_forward(settings, what, (tmp_path / "remnant").read_text())
    assert receipt.text.endswith("/2026-11874.xml + 2026-11874.pdf")
    assert files(tmp_path) == ["2026-11874.pdf", "2026-11874.xml"]
    assert (tmp_path / "in/2026-11874.xml").read_bytes() == BYTES


@pytest.mark.parametrize("where", ["send.firstbyte", "send.halfway", "send.lastbyte", "prepare.uploaded"])
async def test_a_process_killed_while_it_writes_shows_nothing_and_leaves_nothing(
    tmp_path: Path, store: Path, where: str
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", SENDER, str(tmp_path)], env={**os.environ, "BANQUP_KILL_AT": where}, timeout=60
    )
    assert killed.returncode == -9
    assert not [name for name in files(tmp_path) if not name.startswith(".")]
    what = delivery_request(store, attempt=2, pdf=pdf_file(store))
    await send(LocalFolderSettings(path=f"{tmp_path}/in", pdf_along=True), what)
    assert files(tmp_path) == ["2026-11874.pdf", "2026-11874.xml"]


strangers = st.text(max_size=300) | st.sampled_from(
    ["../../escaped", "/etc/passwd", "..", ".", "a/b", "a\0b", "CON", ""]
)


@given(strangers, strangers, strangers)
@settings(max_examples=60, deadline=None)
def test_whatever_a_stranger_wrote_the_file_stays_in_the_folder(number: str, name: str, client: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "store").mkdir()
        what = delivery_request(
            root / "store", number=number, file_name=name, client_name=client, client_reference=client
        )
        where = into(root, "[client_name]/[external_id]/[number]/[file_name]")
        receipt = asyncio.run(send(where, what))
        (found,) = [seen for seen in root.rglob("*") if seen.is_file() and seen.parent != root / "store"]
        assert str(found) == receipt.text
        assert len(found.relative_to(root / "in").parts) == 4
        assert not found.name.startswith(".")


async def test_the_test_says_that_files_cannot_be_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banqup_tui.connectors.common.rename._exclusive_rename", lambda: lambda *_: errno.EPERM)
    *_, last = await LocalFolder().test(into(tmp_path), None)
    assert not last.ok
    assert "may not be written to" in sentence(last)
    assert list(tmp_path.rglob(".banqup-test-*")) == []


async def test_a_link_of_the_same_name_is_another_file(tmp_path: Path, store: Path) -> None:
    receipt = await send(into(tmp_path), delivery_request(store))
    Path(receipt.text).rename(tmp_path / "elsewhere")
    Path(receipt.text).symlink_to(tmp_path / "elsewhere")
    assert (await send(into(tmp_path), delivery_request(store))).text != receipt.text
