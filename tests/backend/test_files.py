"""Files: put and fetched by their SHA-256."""

import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banqup_tui.backend.api.application import ServiceLimits
from banqup_tui.backend.services import Services
from banqup_tui.protocol import file_batch
from tests.support.services import add_document
from tests.support.serving import BASE, serving, space_in

CONTENT = bytes(range(256)) * 4_000


def address(content: bytes) -> str:
    return f"{BASE}/files/{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


def left_over(services: Services) -> list[Path]:
    return list(services.files.path("0" * 64).parent.parent.glob(".*.part"))


async def test_a_file_put_twice_is_kept_once(services: Services) -> None:
    async with serving(services) as served:
        first = await served.http.put(address(CONTENT), content=CONTENT)
        again = await served.http.put(address(CONTENT), content=CONTENT)
    assert [first.status_code, again.status_code] == [201, 204]
    assert services.files.path(hashlib.sha256(CONTENT).hexdigest()).read_bytes() == CONTENT


async def test_bytes_that_are_not_what_was_announced_are_not_kept(services: Services) -> None:
    async with serving(services) as served:
        answer = await served.http.put(address(b"other"), content=CONTENT)
    assert (answer.status_code, answer.json()["type"]) == (422, "hash-differs")
    assert not services.files.has(hashlib.sha256(b"other").hexdigest())
    assert left_over(services) == []


async def test_a_file_too_large_is_refused_whether_its_size_is_told_or_not(services: Services) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield CONTENT

    async with serving(services, settings=ServiceLimits(largest_file=2 * len(CONTENT))) as served:
        refused = await served.http.put(address(CONTENT), content=CONTENT * 3)
        untold = await served.http.put(address(CONTENT), content=unannounced())
    assert [refused.status_code, untold.status_code] == [413, 413]
    assert refused.json()["type"] == "too-large"
    assert left_over(services) == []


def batch(*files: bytes) -> bytes:
    return file_batch.joined([(hashlib.sha256(data).hexdigest(), data) for data in files])


async def test_many_small_files_go_in_one_request(services: Services) -> None:
    files = [b"<Invoice>%d</Invoice>" % number for number in range(100)]
    async with serving(services) as served:
        first = await served.http.post(f"{BASE}/files", content=batch(*files))
        again = await served.http.post(f"{BASE}/files", content=batch(*files, files[0]))
    assert [one["isNew"] for one in first.json()["files"]] == [True] * 100
    assert again.status_code == 400, "of 101 files"
    assert all(services.files.is_whole(one["sha256"]) for one in first.json()["files"])
    assert left_over(services) == []


async def test_a_file_of_a_batch_that_is_not_what_was_announced_leaves_the_others(services: Services) -> None:
    good, known, wrong = b"good", b"known", "0" * 64
    services.files.put([known])
    named = [(hashlib.sha256(good).hexdigest(), good), (wrong, b"wrong"), (hashlib.sha256(known).hexdigest(), known)]
    async with serving(services) as served:
        answer = await served.http.post(f"{BASE}/files", content=file_batch.joined(named))
    found = answer.json()["files"]
    assert [one["problem"] and one["problem"]["type"] for one in found] == [None, "hash-differs", None]
    assert [one["isNew"] for one in found] == [True, False, False]
    assert services.files.has(named[0][0])
    assert not services.files.has(wrong)
    assert left_over(services) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff" * 4, b"\x00\x00\x00\x02{}", batch(b"cut")[:-1], batch(b"more") + b"x", b"\x00\x00\x00\x03{{{"],
)
async def test_a_body_that_does_not_hold_what_it_announces_stores_nothing(services: Services, body: bytes) -> None:
    async with serving(services) as served:
        answer = await served.http.post(f"{BASE}/files", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "file.batch-malformed")
    assert list(services.files.path("0" * 64).parent.parent.rglob("*")) == []


async def test_a_batch_too_large_is_refused(services: Services) -> None:
    async with serving(services) as served:
        answer = await served.http.post(f"{BASE}/files", content=batch(bytes(file_batch.MOST_BYTES)))
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


async def test_a_damaged_file_is_replaced_by_a_batch(services: Services) -> None:
    sha256, _ = services.files.put([b"whole"])
    services.files.path(sha256).write_bytes(b"hole!")
    async with serving(services) as served:
        await served.http.post(f"{BASE}/files", content=batch(b"whole"))
    assert services.files.is_whole(sha256)
    assert sha256 in services.files.take_repaired()


async def test_a_file_of_fifteen_megabytes_goes_in_and_out(services: Services) -> None:
    large = CONTENT * 15
    document_id = add_document(services, "2026-1", content=large)
    assert document_id
    async with serving(services) as served:
        put = await served.http.put(address(large), content=large)
        got = await served.http.get(address(large))
    assert put.status_code == 204
    assert got.content == large


async def test_a_file_is_fetched_whole_in_parts_and_not_again(services: Services) -> None:
    add_document(services, "2026-1", content=CONTENT)
    size = len(CONTENT)
    async with serving(services) as served:
        whole = await served.http.get(address(CONTENT))
        etag = whole.headers["etag"]
        middle = await served.http.get(address(CONTENT), headers={"Range": "bytes=1000-1999"})
        rest = await served.http.get(address(CONTENT), headers={"Range": f"bytes={size - 10}-", "If-Range": etag})
        end = await served.http.get(address(CONTENT), headers={"Range": "bytes=-7"})
        beyond = await served.http.get(address(CONTENT), headers={"Range": f"bytes={size}-"})
        other = await served.http.get(address(CONTENT), headers={"Range": "bytes=0-1", "If-Range": '"x"'})
        far = await served.http.get(address(CONTENT), headers={"Range": f"bytes={'9' * 10_000}-"})
        long = await served.http.get(address(CONTENT), headers={"Range": f"bytes=1-{'9' * 10_000}"})
        known = await served.http.get(address(CONTENT), headers={"If-None-Match": f'"x", W/{etag}'})
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert (middle.status_code, middle.content) == (206, CONTENT[1000:2000])
    assert middle.headers["content-range"] == f"bytes 1000-1999/{size}"
    assert (rest.status_code, rest.content) == (206, CONTENT[-10:])
    assert end.content == CONTENT[-7:]
    assert (beyond.status_code, beyond.headers["content-type"]) == (416, "application/problem+json")
    assert (other.status_code, other.content) == (200, CONTENT)
    assert far.status_code == 416
    assert (long.status_code, long.content) == (206, CONTENT[1:])
    assert (known.status_code, known.content) == (304, b"")
    assert whole.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_belongs_to_no_document_is_not_given_out(services: Services) -> None:
    async with serving(services) as served:
        await served.http.put(address(CONTENT), content=CONTENT)
        stray = await served.http.get(address(CONTENT))
        nonsense = await served.http.get(f"{BASE}/files/..%2f..%2fetc%2fpasswd")
        short = await served.http.put(f"{BASE}/files/{uuid.uuid4()}", content=b"x")
    assert [stray.status_code, nonsense.status_code, short.status_code] == [404, 404, 404]
