"""A connector of another package has a process of its own, and the service goes on whatever happens in it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.connectors.common.tokens import TOKENS
from banqup_tui.connectors.interface import Authorization, NotSent
from banqup_tui.domain.secret import Secret
from banqup_tui.presentation.messages import sentence_of
from tests.support.connectors import entry_of
from tests.support.delivery_requests import delivery_request
from tests.support.packages import install
from tests.support.scripted import AUTHORIZATION

pytestmark = pytest.mark.usefixtures("forked_hosts")

SCRIPTED = "tests.support.scripted:Scripted"
PROJECT = """
[project]
name = "broken"
version = "1.0"
[project.entry-points."banqup_tui.connectors"]
broken = "broken_package:Connector"
"""


@pytest.fixture
async def extensions() -> AsyncIterator[Extensions]:
    made = Extensions([entry_of("their-package", "told", SCRIPTED), entry_of("another", "mailbox")])
    made.allow("told", "their-package")
    made.allow("mailbox", "another")
    yield made
    await asyncio.to_thread(made.close)


def scripted(extensions: Extensions) -> HostedConnector:
    found = extensions.connector("told")
    assert found is not None
    return found


def settings_in(directory: Path, **more: Any) -> dict[str, Any]:
    return {"directory": str(directory), **more}


async def process_in_test(extensions: Extensions, directory: Path) -> str:
    (step,) = await scripted(extensions).test(settings_in(directory), None)
    return sentence_of(step.message)


async def test_all_of_it_runs_there_and_nothing_here(extensions: Extensions, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    place = await asyncio.to_thread(scripted(extensions).definition.where, settings, delivery_request(tmp_path))
    assert place == await process_in_test(extensions, tmp_path) != f"process {os.getpid()}"
    async with scripted(extensions).connect(settings) as channel:
        what = delivery_request(tmp_path, file_name="fine")
        receipt = await channel.commit(what, await channel.prepare(what))
    assert f"process {receipt.text}" == place
    assert await asyncio.to_thread(scripted(extensions).definition.destination, settings) == "told"


async def test_a_package_is_never_imported_in_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, PROJECT, {"broken_package": "raise RuntimeError('no licence')"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    extensions = Extensions([entry_of("broken", "broken", "broken_package:Connector")])
    extensions.allow("broken", "broken")
    found = await asyncio.to_thread(extensions.get, "broken")
    await asyncio.to_thread(extensions.close)
    assert found is not None
    assert "no licence" in sentence_of(found.problem)
    assert "broken_package" not in sys.modules


async def test_one_that_ends_its_process_while_it_is_loaded_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, PROJECT, {"broken_package": "import os; os._exit(7)"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    extensions = Extensions([entry_of("broken", "broken", "broken_package:Connector")])
    extensions.allow("broken", "broken")
    found = await asyncio.to_thread(extensions.get, "broken")
    await asyncio.to_thread(extensions.close)
    assert found is not None
    assert "does not load" in sentence_of(found.problem)
    assert extensions.connector("broken") is None


async def test_one_that_blocks_can_be_given_up_and_its_settings_still_be_read(
    extensions: Extensions, tmp_path: Path
) -> None:
    async with scripted(extensions).connect(settings_in(tmp_path)) as channel:
        blocked = asyncio.create_task(channel.prepare(delivery_request(tmp_path, file_name="blocks")))
        while not (tmp_path / "began").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        reading = await asyncio.to_thread(extensions.read, "told", settings_in(tmp_path), Level.EFFECTIVE)
        assert reading.problems == ()
        blocked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await blocked


async def test_a_process_that_stays_blocked_is_ended_and_the_next_attempt_has_another(
    extensions: Extensions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banqup_tui.backend.connector_host.calls.SILENCE_SECONDS", 0.3)
    before = await process_in_test(extensions, tmp_path)
    async with scripted(extensions).connect(settings_in(tmp_path)) as channel:
        blocked = asyncio.create_task(channel.prepare(delivery_request(tmp_path, file_name="blocks")))
        while not (tmp_path / "began").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        other = asyncio.create_task(channel.prepare(delivery_request(tmp_path, file_name="fine")))
        blocked.cancel()
        with pytest.raises(NotSent, match="host-ended"):
            await other
    assert await process_in_test(extensions, tmp_path) != before


def test_its_own_check_of_the_settings_is_asked(extensions: Extensions, tmp_path: Path) -> None:
    (problem,) = extensions.validate("told", settings_in(tmp_path, opens=False), Level.EFFECTIVE)
    assert (problem.field, problem.title) == ("opens", "It must.")
    (missing,) = extensions.validate("told", {}, Level.EFFECTIVE)
    assert missing.field == "directory"


def test_secrets_come_back_from_there_as_secrets(extensions: Extensions) -> None:
    reading = extensions.read("mailbox", {"password": Secret("geheim"), "port": "26"}, Level.FIRM)
    assert reading.values == {"password": Secret("geheim"), "port": 26}


def test_a_process_that_ends_in_a_check_refuses_the_settings_and_the_next_check_has_another(
    extensions: Extensions, tmp_path: Path
) -> None:
    (problem,) = extensions.validate("told", {"directory": "ends"}, Level.EFFECTIVE)
    assert problem.code == "setting.check-failed"
    assert extensions.validate("told", settings_in(tmp_path), Level.EFFECTIVE) == []


class Tokens:
    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        assert authorization == AUTHORIZATION
        return f"token of {sign_in}"


async def test_it_is_given_tokens_of_the_sign_in_in_its_settings_and_of_no_other(
    extensions: Extensions, tmp_path: Path
) -> None:
    TOKENS.set(Tokens())
    (step,) = await scripted(extensions).test(settings_in(tmp_path, sign_in=Secret("ours")), None)
    assert sentence_of(step.message) == "token of ours"
    with pytest.raises(RuntimeError, match="LookupError"):
        await scripted(extensions).test(settings_in(tmp_path, sign_in=Secret("ours"), steals="theirs"), None)


async def test_what_it_raises_in_a_test_comes_across(extensions: Extensions, tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="No"):
        await scripted(extensions).test(settings_in(tmp_path, opens=False), None)
