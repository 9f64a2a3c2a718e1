"""The backend killed in the midst of a command: nothing is done twice, and nothing answered is lost."""

import hashlib
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from banqup_tui.protocol import file_batch
from banqup_tui.protocol.commands import CreateClient, ImportFile
from banqup_tui.protocol.local import Endpoint
from tests.support.backends import Home, home_in
from tests.support.backends import http as speak
from tests.support.papers import invoice
from tests.support.serving import written

BEFORE_THE_COMMIT = ["command.received", "command.effect", "numbers.taken", "command.keyed"]
AFTER_THE_COMMIT = ["change.committed", "command.committed"]
SOME = ["command.effect", "command.keyed", "change.committed"] + [
    pytest.param(point, marks=pytest.mark.campaign)
    for point in ("command.received", "numbers.taken", "command.committed")
]
"""One before the effect counts, one with the answer, one after; the others in the campaign."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as found:
        yield found


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    with speak(endpoint) as client:
        found: dict[str, Any] = client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").json()
        return found


def killed_while_asked(home: Home, point: str) -> dict[str, Any]:
    """The command that was under way."""
    child, endpoint = home.serving(BANQUP_KILL_AT=point)
    body = CreateClient(client_id=str(uuid.uuid4()), reference="DUVAL", name="Garage Duval")
    command = written(body, seen=f"{snapshot(endpoint)['epoch']}.0")
    with speak(endpoint) as client, pytest.raises(httpx.TransportError):
        client.post(f"/v1/spaces/{endpoint.space_id}/commands", json={"commands": [command]})
    assert child.wait(20) == -signal.SIGKILL
    return command


@pytest.mark.parametrize("point", SOME)
def test_a_command_cut_off_and_sent_again_is_done_once(home: Home, point: str) -> None:
    command = killed_while_asked(home, point)
    _, endpoint = home.serving()
    found = snapshot(endpoint)
    assert len(found["clients"]) == (1 if point in AFTER_THE_COMMIT else 0)
    assert found["seq"] == len(found["clients"])
    with speak(endpoint) as client:
        answer = client.post(f"/v1/spaces/{endpoint.space_id}/commands", json={"commands": [command]}).json()
        follow = client.get(f"/v1/spaces/{endpoint.space_id}/changes", params={"cursor": found["cursor"]}).json()
    assert answer["results"][0] | {"result": None} == {
        "key": command["key"],
        "status": "DONE",
        "seq": 1,
        "result": None,
        "problem": None,
    }
    assert len(snapshot(endpoint)["clients"]) == 1
    assert len(follow["changes"]) == 1 - len(found["clients"])


@pytest.mark.parametrize("point", SOME)
def test_a_command_cut_off_and_taken_back_is_either_done_or_never_done(home: Home, point: str) -> None:
    command = killed_while_asked(home, point)
    _, endpoint = home.serving()
    path = f"/v1/spaces/{endpoint.space_id}/commands"
    with speak(endpoint) as client:
        back = client.delete(f"{path}/{command['key']}", headers={"If-Seen": command["seen"]}).json()
        late = client.post(path, json={"commands": [command]}).json()["results"][0]
    assert back == late
    assert back["status"] == ("DONE" if point in AFTER_THE_COMMIT else "REFUSED")
    assert len(snapshot(endpoint)["clients"]) == (1 if back["status"] == "DONE" else 0)


@pytest.mark.parametrize(
    "point",
    [
        "command.effect:3",
        pytest.param("command.received:3", marks=pytest.mark.campaign),
        pytest.param("numbers.taken", marks=pytest.mark.campaign),
        "command.keyed",
        "change.committed",
        pytest.param("command.committed", marks=pytest.mark.campaign),
    ],
)
def test_a_batch_of_imports_cut_off_and_sent_again_takes_each_file_once(home: Home, point: str) -> None:
    files = [invoice(number=str(number)) for number in range(5)]
    child, endpoint = home.serving(BANQUP_KILL_AT=point)
    space = f"/v1/spaces/{endpoint.space_id}"
    seen = f"{snapshot(endpoint)['epoch']}.0"
    with speak(endpoint) as client:
        hashes = [hashlib.sha256(data).hexdigest() for data in files]
        for sha256, data in zip(hashes, files, strict=True):
            assert client.put(f"{space}/files/{sha256}", content=data).status_code == 201
        bodies = [ImportFile(sha256=sha256, file_name="a.xml", create_clients=True) for sha256 in hashes]
        batch = [written(body, seen=seen) for body in bodies]
        with pytest.raises(httpx.TransportError):
            client.post(f"{space}/commands", json={"commands": batch})
    assert child.wait(20) == -signal.SIGKILL
    _, endpoint = home.serving()
    with speak(endpoint) as client:
        before = snapshot(endpoint)["documentCount"]
        # Of a batch, some may have been committed before: a transaction takes no more commands after a while.
        assert point not in AFTER_THE_COMMIT or before > 0
        answers = [client.post(f"{space}/commands", json={"commands": batch}).json() for _ in range(2)]
        documents = client.get(f"{space}/documents").json()["documents"]
    assert answers[0] == answers[1]
    assert [result["status"] for result in answers[0]["results"]] == ["DONE"] * 5
    assert sorted(one["value"]["sha256"] for one in documents) == sorted(hashes)


@pytest.mark.parametrize("point", ["file.temp", "file.renamed"])
def test_a_batch_of_files_cut_off_and_sent_again_is_whole(home: Home, point: str) -> None:
    files = [(hashlib.sha256(data).hexdigest(), data) for data in (b"one", b"two", b"three")]
    child, endpoint = home.serving(BANQUP_KILL_AT=point)
    path = f"/v1/spaces/{endpoint.space_id}/files"
    with speak(endpoint) as client, pytest.raises(httpx.TransportError):
        client.post(path, content=file_batch.joined(files))
    assert child.wait(20) == -signal.SIGKILL
    _, endpoint = home.serving()
    with speak(endpoint) as client:
        again = client.post(path, content=file_batch.joined(files)).json()["files"]
    assert [one["isNew"] for one in again] == [point == "file.temp"] * 3
    store = home.dirs.backend / "files"
    assert {file.name: file.read_bytes() for file in store.glob("*/*")} == dict(files)
    assert list(store.glob(".*.part")) == []


@pytest.mark.parametrize("point", ["file.temp", "file.renamed"])
def test_a_file_cut_off_is_whole_or_not_there(home: Home, point: str) -> None:
    content = b"<Invoice/>" * 10_000
    sha256 = hashlib.sha256(content).hexdigest()
    child, endpoint = home.serving(BANQUP_KILL_AT=point)
    path = f"/v1/spaces/{endpoint.space_id}/files/{sha256}"
    with speak(endpoint) as client, pytest.raises(httpx.TransportError):
        client.put(path, content=content)
    assert child.wait(20) == -signal.SIGKILL
    _, endpoint = home.serving()
    with speak(endpoint) as client:
        again = client.put(path, content=content)
    assert again.status_code == (204 if point == "file.renamed" else 201)
    stored = home.dirs.backend / "files" / sha256[:2] / sha256
    assert stored.read_bytes() == content
    assert list((home.dirs.backend / "files").glob(".*.part")) == []
