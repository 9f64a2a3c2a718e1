"""A connector in a process of its own: it does all that it does here, and what comes of the process is known."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.backend.connector_host import client as module
from banqup_tui.backend.connector_host.calls import HostEnded
from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.connectors.interface import Channel, DeliveryRequest, Fault, Found, NotSent, Rejected, Uncertain
from tests.support.delivery_requests import delivery_request
from tests.support.scripted import REFUSED, no_token
from tests.support.waiting import until

SECONDS = 30.0


@pytest.fixture
async def host() -> AsyncIterator[ConnectorHost]:
    made = ConnectorHost()
    yield made
    await asyncio.to_thread(made.close)


SCRIPTED = "tests.support.scripted:Scripted"


def settings_in(directory: Path) -> dict[str, Any]:
    return {"directory": str(directory)}


def connect(host: ConnectorHost, settings: dict[str, Any]) -> AbstractAsyncContextManager[Channel]:
    return host.connect(SCRIPTED, settings, no_token)


def named(directory: Path, name: str) -> DeliveryRequest:
    return delivery_request(directory, file_name=name)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def process_of(channel: Channel, directory: Path) -> int:
    what = named(directory, "fine")
    return int((await channel.commit(what, await channel.prepare(what))).text)


def test_the_process_has_nothing_of_the_database_or_the_terminal() -> None:
    code = (
        "import sys, banqup_tui.backend.connector_host.__main__;"
        "print(*{'sqlalchemy', 'textual', 'litestar', 'asyncssh', 'httpx'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == ""


async def test_every_question_is_answered_there_as_it_would_be_here(host: ConnectorHost, tmp_path: Path) -> None:
    what = named(tmp_path, "fine")
    async with connect(host, settings_in(tmp_path)) as channel:
        resume_token = await channel.prepare(what)
        assert resume_token == str(what.file)
        receipt = await channel.commit(what, resume_token)
        assert int(receipt.text) != os.getpid()
        assert receipt.reference == resume_token
        assert (await channel.roll_forward(what, "left")).text == "forward 2026-11-20 PURCHASE_INVOICES"
        found, seen = await channel.look_up(what, ["a", "b"])
        assert (found, seen and seen.text) == (Found.FOUND, "a b")
        await channel.discard("taken away")
    assert (tmp_path / "taken away").exists()


async def test_what_a_connector_says_there_is_what_is_heard_here(host: ConnectorHost, tmp_path: Path) -> None:
    async with connect(host, settings_in(tmp_path)) as channel:
        with pytest.raises(NotSent) as refused:
            await channel.prepare(named(tmp_path, "refused"))
        with pytest.raises(Rejected) as rejected:
            await channel.prepare(named(tmp_path, "rejected"))
        with pytest.raises(Uncertain) as uncertain:
            await channel.commit(named(tmp_path, "uncertain"), "left")
    for name in ("sentence", "remedy", "fault", "trouble", "retry_after"):
        assert getattr(refused.value, name) == getattr(REFUSED, name), name
    assert (rejected.value.sentence, rejected.value.remedy) == ("Never.", "Correct it.")
    assert (uncertain.value.sentence, uncertain.value.retry_after) == ("Perhaps.", 3.0)


async def test_a_defect_there_keeps_its_trace_for_the_log_here(host: ConnectorHost, tmp_path: Path) -> None:
    async with connect(host, settings_in(tmp_path)) as channel:
        with pytest.raises(RuntimeError, match="ZeroDivisionError") as caught:
            await channel.prepare(named(tmp_path, "breaks"))
        assert await process_of(channel, tmp_path)
    assert "in prepare" in caught.value.__notes__[0]


async def test_a_way_that_cannot_be_opened_says_why(host: ConnectorHost, tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="No"):
        async with connect(host, settings_in(tmp_path) | {"opens": False}):
            pytest.fail("it is not open")


async def test_where_the_process_ends_before_the_effect_nothing_was_sent_and_the_next_attempt_finds_another(
    host: ConnectorHost, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    async with connect(host, settings) as channel:
        first = await process_of(channel, tmp_path)
        with pytest.raises(NotSent, match=r"delivery\.host-ended"):
            await channel.prepare(named(tmp_path, "dies early"))
        with pytest.raises(NotSent):
            await channel.prepare(named(tmp_path, "fine"))
        await channel.discard("whatever")
    async with connect(host, settings) as channel:
        assert await process_of(channel, tmp_path) != first


async def test_who_was_not_alone_when_the_process_ended_is_known(host: ConnectorHost, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for shares_channel in (True, False):
        (tmp_path / "began").unlink(missing_ok=True)
        async with connect(host, settings) as channel, connect(host, settings) as another:
            beside = channel if shares_channel else another
            staying = asyncio.create_task(beside.prepare(named(tmp_path, "stays")))
            await until((tmp_path / "began").exists)
            with pytest.raises(NotSent) as ended:
                await channel.prepare(named(tmp_path, "dies early"))
            with pytest.raises(NotSent) as cut_off:
                await staying
        assert [was_alone(error.value) for error in (ended, cut_off)] == [False, False]
    async with connect(host, settings) as channel, connect(host, settings):
        with pytest.raises(NotSent) as ended:
            await channel.prepare(named(tmp_path, "dies early"))
    assert was_alone(ended.value)


def was_alone(error: NotSent) -> bool:
    assert isinstance(error.__cause__, HostEnded)
    return error.__cause__.alone


async def test_where_the_process_ends_in_the_effect_nobody_says_that_nothing_was_sent(
    host: ConnectorHost, tmp_path: Path
) -> None:
    async with connect(host, settings_in(tmp_path)) as channel:
        with pytest.raises(Uncertain):
            await channel.commit(named(tmp_path, "dies late"), "left")
        with pytest.raises(Uncertain):
            await channel.roll_forward(named(tmp_path, "fine"), "left")


async def test_what_nobody_waits_for_any_more_is_given_up_there(host: ConnectorHost, tmp_path: Path) -> None:
    async with connect(host, settings_in(tmp_path)) as channel:
        asked = asyncio.create_task(channel.prepare(named(tmp_path, "stays")))
        await until((tmp_path / "began").exists)
        asked.cancel()
        await until((tmp_path / "given up").exists)
        assert await process_of(channel, tmp_path)


async def test_several_receivers_share_one_process_which_ends_with_the_service(tmp_path: Path) -> None:
    host = ConnectorHost()
    settings = settings_in(tmp_path)
    async with connect(host, settings) as one, connect(host, settings) as other:
        process = await process_of(one, tmp_path)
        assert await process_of(other, tmp_path) == process
    await asyncio.to_thread(host.close)
    assert not is_there(process)


async def test_a_process_that_nobody_needs_ends_and_another_takes_its_place(tmp_path: Path) -> None:
    host = ConnectorHost(idle_seconds=0.01)
    settings = settings_in(tmp_path)
    async with connect(host, settings) as channel:
        first = await process_of(channel, tmp_path)
    await until(lambda: not is_there(first))
    async with connect(host, settings) as channel:
        assert await process_of(channel, tmp_path) != first
    await asyncio.to_thread(host.close)


async def test_a_service_that_is_killed_takes_the_process_with_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from tests.backend.test_connector_host import say_and_stay; asyncio.run(say_and_stay())"
    )
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    async with asyncio.timeout(SECONDS):
        process = int(await service.stdout.readline())
    assert is_there(process)
    service.kill()
    await service.wait()
    await until(lambda: not is_there(process))


async def say_and_stay() -> None:
    directory = Path(sys.argv[1])
    async with connect(ConnectorHost(), settings_in(directory)) as channel:
        print(await process_of(channel, directory), flush=True)
        await asyncio.Event().wait()


async def test_a_process_that_cannot_be_started_is_said_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, host: ConnectorHost, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    with monkeypatch.context() as without:
        without.setattr(module, "python_command", lambda *_: [str(tmp_path / "nothing")])
        with pytest.raises(NotSent, match=r"delivery\.host-not-started") as caught:
            async with connect(host, settings):
                pytest.fail("it is not open")
    assert caught.value.fault is Fault.INTEGRATION
    async with connect(host, settings) as channel:
        assert await process_of(channel, tmp_path)
