"""What every answer carries, who is let in, and how mistakes are told."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from banqup_tui.backend.api.application import ServiceLimits, is_nested_deeply
from banqup_tui.backend.api.auth import RateLimit
from banqup_tui.backend.api.event_hub import Hub
from banqup_tui.backend.intake.client_commands import HANDLERS
from banqup_tui.backend.services import Services
from banqup_tui.protocol import MIN_PROTOCOL, PROTOCOL
from banqup_tui.protocol.commands import Dismiss
from tests.support.services import EPOCH
from tests.support.serving import BASE, ServedApp, serving, space_in, written
from tests.support.waiting import until


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


async def answers_of_every_sort(served: ServedApp) -> list[httpx.Response]:
    ask = served.http.request
    return [
        await ask("GET", f"{BASE}/snapshot"),
        await ask("GET", "/nowhere"),
        await ask("PATCH", f"{BASE}/snapshot"),
        await ask("GET", f"{BASE}/changes"),
        await ask("GET", f"{BASE}/changes?cursor=x&limit=many"),
        await ask("GET", f"{BASE}/snapshot", headers={"Authorization": "Bearer wrong"}),
        await ask("GET", f"{BASE}/snapshot", headers={"Authorization": ""}),
        await ask("GET", "/v1/spaces/another/snapshot"),
        await ask("POST", f"{BASE}/tests", content=b"[]"),
        await ask("POST", f"{BASE}/deliveries", json={}),
    ]


async def test_every_answer_has_a_request_id(services: Services) -> None:
    async with serving(services) as served:
        answers = await answers_of_every_sort(served)
    assert len({answer.headers["request-id"] for answer in answers}) == len(answers)


async def test_every_mistake_is_told_in_one_sentence(services: Services) -> None:
    async with serving(services) as served:
        answers = (await answers_of_every_sort(served))[1:]
    assert [answer.status_code for answer in answers] == [404, 405, 400, 400, 401, 401, 404, 400, 400]
    for answer in answers:
        found = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert found["title"]
        assert found["type"]
        assert "Traceback" not in answer.text


async def test_what_goes_wrong_inside_is_logged_and_not_told(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("the secret inside")

    async with serving(services, handlers={**HANDLERS, Dismiss: fails}) as served:
        answer = await served.batch([written(Dismiss(delivery_ids=()))])
    assert answer.status_code == 500
    assert "the secret inside" not in answer.text
    assert "the secret inside" in caplog.text


async def test_nothing_is_said_to_who_has_no_token(services: Services) -> None:
    async with serving(services) as served:
        instance = (await served.http.get("/v1/instance")).json()
        del served.http.headers["Authorization"]
        answers = [await served.http.get(path) for path in ("/v1/instance", "/", "/v1/openapi.json", "/nowhere")]
    assert instance["protocol"] == {"min": MIN_PROTOCOL, "max": PROTOCOL}
    assert [answer.status_code for answer in answers] == [401] * 4
    assert not any(instance["version"] in answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/commands", "/tests", "/sign-ins", "/deliveries"])
@pytest.mark.parametrize("levels", [100, 900, 3000, 200_000])
async def test_what_is_nested_too_deeply_is_refused(services: Services, path: str, levels: int) -> None:
    """Depths at which it could be stored and never be read again, and those at which it cannot be read at all."""
    nested = "[" * levels + "]" * levels
    async with serving(services) as served:
        settings = f'{{"extensionId":"email","field":"sign_in","settings":{{"x":{nested}}}}}'
        batch = f'{{"commands":[{{"key":"{uuid.uuid4()}","kind":"INSTALL","seen":"{EPOCH}.0","body":{settings}}}]}}'
        content = batch if path == "/commands" else settings
        answer = await served.http.post(BASE + path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "levels deep" in answer.json()["title"]


def test_brackets_within_words_are_no_levels() -> None:
    words = json.dumps(['[[{{\\"' * 100] * 100).encode()
    assert not is_nested_deeply(words)
    assert not is_nested_deeply(b"[" * 64 + b"]" * 64)
    assert is_nested_deeply(b"[" * 65)
    assert is_nested_deeply(words[:-1] + b', {"a":' * 65)


async def test_only_a_newer_program_makes_it_give_way(services: Services) -> None:
    async with serving(services) as served:
        same = await served.http.post("/v1/instance/retire", json={"protocol": PROTOCOL})
        newer = await served.http.post("/v1/instance/retire", json={"protocol": PROTOCOL + 1})
        stranger = await served.http.post(
            "/v1/instance/retire", json={"protocol": PROTOCOL + 2}, headers={"Authorization": "x"}
        )
    assert (same.status_code, same.json()["type"]) == (409, "not-newer")
    assert (newer.status_code, stranger.status_code) == (202, 401)
    assert served.retired == [PROTOCOL + 1]


async def test_a_script_that_asks_without_pause_is_told_to_wait(services: Services) -> None:
    async with serving(services, settings=ServiceLimits(requests_a_minute=3)) as served:
        answers = [await served.http.get("/v1/spaces") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_the_allowance_comes_back_with_time() -> None:
    now = [0.0]
    rate_limit = RateLimit(60, clock=lambda: now[0])
    assert [rate_limit.allows("a") for _ in range(61)] == [True] * 60 + [False]
    assert rate_limit.allows("b")
    now[0] = 1.0
    assert [rate_limit.allows("a"), rate_limit.allows("a")] == [True, False]


async def test_a_stopping_service_says_so(services: Services) -> None:
    async with serving(services) as served:
        served.hub.close()
        answer = await served.http.get(f"{BASE}/snapshot")
    assert (answer.status_code, answer.json()["type"]) == (503, "stopping")
    assert "retry-after" in answer.headers


async def lines_of(stream: httpx.Response, heard: list[str]) -> None:
    async for line in stream.aiter_lines():
        if line:
            heard.append(line)


async def test_a_stream_tells_of_changes_shows_that_it_lives_and_says_good_bye(services: Services) -> None:
    heard: list[str] = []
    async with (
        serving(services, settings=ServiceLimits(seconds_between_signs=0.05)) as served,
        served.http.stream("GET", f"{BASE}/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        listening = asyncio.create_task(lines_of(stream, heard))
        await until(lambda: ":" in heard)
        served.hub.notify(41)
        await until(lambda: 'data: {"seq":41}' in heard)
        served.hub.close()
        await asyncio.wait_for(listening, 5)
    assert heard[-2:] == ["event: bye", "data: {}"]
    assert any(line.startswith("id: ") and line.endswith(".41") for line in heard)


async def test_a_stream_that_is_left_counts_no_more(services: Services) -> None:
    async def opened(served: ServedApp) -> AsyncIterator[int]:
        async with served.http.stream("GET", f"{BASE}/events") as stream:
            yield stream.status_code

    async with serving(services, settings=ServiceLimits(seconds_between_signs=0.05)) as served:
        streams = [opened(served) for _ in range(6)]
        codes = [await anext(stream) for stream in streams]
        for stream in streams:
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
        await until(lambda: served.hub.quiet_for() > 0)
    assert codes == [200] * 5 + [429]


async def test_a_connection_is_tried_before_its_settings_are_kept(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    async with serving(services) as served:
        tried = {"extensionId": "local-folder", "settings": {"folder": str(folder), "path": str(folder)}}
        answer = await served.http.post(f"{BASE}/tests", json=tried)
        unknown = await served.http.post(f"{BASE}/tests", json={"extensionId": "no-such"})
    assert answer.status_code == 200
    assert answer.json()["steps"]
    assert not unknown.json()["steps"][-1]["ok"]


async def test_a_service_that_is_still_answering_is_not_idle() -> None:
    hub = Hub(asyncio.get_running_loop())
    hub.last_seen -= 100
    assert hub.quiet_for() >= 100
    with hub.request():
        assert hub.quiet_for() == 0
    assert hub.quiet_for() < 100
