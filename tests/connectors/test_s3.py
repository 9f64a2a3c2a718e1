"""Buckets: the contract of all connectors over a wire, and what is particular to S3."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    Uncertain,
)
from banqup_tui.connectors.s3.connector import S3
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.secret import Secret
from tests.connectors.contract import Arrived, WireContract, WiredReceiver, deliver, next_attempt
from tests.support.buckets import Buckets, buckets, fault
from tests.support.delivery_requests import BYTES, delivery_request
from tests.support.messages import raising, remedy, sentence
from tests.support.wire import Wire, wire_to


@pytest.fixture(scope="module")
def running() -> Iterator[Buckets]:
    with buckets() as server:
        yield server


@pytest.fixture
def server(running: Buckets) -> Iterator[Buckets]:
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path


class BucketReceiver:
    connector = S3()
    largest = None
    answers_in_commit = 0

    def __init__(self, server: Buckets, wire: Wire) -> None:
        self.server, self.wire, self.bucket = server, wire, server.bucket()
        self.secret = server.secret

    def settings(self) -> Any:
        return self.server.settings(self.bucket, port=self.wire.port)

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), secret_access_key="verkeerd")

    async def arrived(self) -> list[Arrived]:
        return [Arrived(key.rpartition("/")[2], content) for key, content in self.server.objects(self.bucket).items()]

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.server.client().put_bucket_policy(Bucket=self.bucket, Policy=policy)
        yield
        self.server.client().delete_bucket_policy(Bucket=self.bucket)


class TestTheContract(WireContract):
    @pytest.fixture
    async def receiver(self, server: Buckets) -> AsyncIterator[WiredReceiver]:
        async with wire_to(server.port) as wire:
            yield BucketReceiver(server, wire)


@pytest.fixture
def bucket(server: Buckets) -> str:
    return server.bucket()


def put_by_another(server: Buckets, bucket: str, key: str, content: bytes = b"another's") -> None:
    server.client().put_object(Bucket=bucket, Key=key, Body=content)


async def send(settings: Any, what: DeliveryRequest) -> Receipt:
    async with S3().connect(settings) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def looked_up(settings: Any, what: DeliveryRequest, *earlier: str) -> tuple[Found, Receipt | None]:
    async with S3().connect(settings) as channel:
        return await channel.look_up(what, earlier)


@asynccontextmanager
async def prepared(settings: Any, what: DeliveryRequest) -> AsyncIterator[tuple[Channel, str]]:
    async with S3().connect(settings) as channel:
        yield channel, await channel.prepare(what)


FIRST, SECOND = "purchases/2026-11874.xml", "purchases/2026-11874_4f1c9a27.xml"


async def test_the_receipt_says_where_it_is_and_the_object_what_it_is(
    server: Buckets, bucket: str, store: Path
) -> None:
    receipt = await send(server.settings(bucket), delivery_request(store))
    assert receipt.text == f"s3://{bucket}/{FIRST}"
    assert (receipt.reference or "").startswith(f'{FIRST} "')
    stored = server.client().head_object(Bucket=bucket, Key=FIRST)
    assert stored["ContentType"] == "application/xml"
    assert stored["Metadata"] == {"sha256": delivery_request(store).sha256, "delivery": delivery_request(store).key}


async def test_in_a_bucket_with_versions_the_receipt_names_the_version(
    server: Buckets, bucket: str, store: Path
) -> None:
    server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    receipt = await send(server.settings(bucket), delivery_request(store))
    version = server.client().head_object(Bucket=bucket, Key=FIRST)["VersionId"]
    assert receipt.reference == f"{FIRST} {version}"
    found, again = await looked_up(server.settings(bucket), delivery_request(store))
    assert (found, again) == (Found.FOUND, receipt)


@pytest.mark.parametrize("conditions", ["honoured", "ignored", "unknown"])
async def test_a_name_that_is_taken_is_never_written_over(
    server: Buckets, bucket: str, store: Path, conditions: str
) -> None:
    server.conditions = conditions
    put_by_another(server, bucket, FIRST)
    receipt = await send(server.settings(bucket), delivery_request(store))
    assert receipt.text.endswith(SECOND)
    assert server.objects(bucket) == {FIRST: b"another's", SECOND: BYTES}


@pytest.mark.parametrize("conditions", ["honoured", "unknown"])
async def test_a_name_that_somebody_takes_at_the_last_moment_is_not_written_over(
    server: Buckets, bucket: str, store: Path, conditions: str
) -> None:
    server.conditions = conditions
    async with prepared(server.settings(bucket), delivery_request(store)) as (channel, resume_token):
        put_by_another(server, bucket, resume_token)
        await channel.commit(delivery_request(store), resume_token)
    assert server.objects(bucket) == {FIRST: b"another's", SECOND: BYTES}


async def test_where_every_name_is_taken_it_says_so(server: Buckets, bucket: str, store: Path) -> None:
    for key in (FIRST, SECOND, *(SECOND.replace(".xml", f"-{at}.xml") for at in (2, 3, 4))):
        put_by_another(server, bucket, key)
    with raising(Rejected, match="Other objects have the name"):
        await send(server.settings(bucket), delivery_request(store))


@pytest.mark.parametrize("conditions", ["honoured", "ignored", "unknown"])
async def test_what_has_arrived_already_is_known_again_by_its_mark(
    server: Buckets, bucket: str, store: Path, conditions: str
) -> None:
    server.conditions = conditions
    async with prepared(server.settings(bucket), delivery_request(store)) as (channel, resume_token):
        first = await channel.commit(delivery_request(store), resume_token)
        again = await channel.commit(delivery_request(store), resume_token)
    assert again == first
    assert await send(server.settings(bucket), next_attempt(delivery_request(store))) == first
    assert server.objects(bucket) == {FIRST: BYTES}


async def test_a_look_up_finds_it_under_the_name_that_it_got(server: Buckets, bucket: str, store: Path) -> None:
    put_by_another(server, bucket, FIRST)
    await send(server.settings(bucket), delivery_request(store))
    server.client().delete_object(Bucket=bucket, Key=FIRST)
    found, receipt = await looked_up(server.settings(bucket), delivery_request(store))
    assert found is Found.FOUND
    assert receipt is not None
    assert receipt.text.endswith(SECOND)


async def test_a_look_up_does_not_take_another_document_of_that_name_for_it(
    server: Buckets, bucket: str, store: Path
) -> None:
    put_by_another(server, bucket, FIRST, BYTES)
    assert await looked_up(server.settings(bucket), delivery_request(store)) == (Found.ABSENT, None)


async def test_a_look_up_leaves_out_what_was_the_receipt_of_an_earlier_copy(
    server: Buckets, bucket: str, store: Path
) -> None:
    receipt = await send(server.settings(bucket), delivery_request(store))
    found, _none = await looked_up(server.settings(bucket), delivery_request(store), receipt.reference or "")
    assert found is Found.ABSENT


async def test_where_a_reader_takes_documents_away_their_absence_proves_nothing(
    server: Buckets, bucket: str, store: Path
) -> None:
    settings = server.settings(bucket, reader="takes")
    assert await looked_up(settings, delivery_request(store)) == (Found.PENDING, None)
    await send(settings, delivery_request(store))
    assert (await looked_up(settings, delivery_request(store)))[0] is Found.FOUND


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("503 Slow Down", fault("SlowDown")),
        ("403 Forbidden", fault("AccessDenied")),
        ("404 Not Found", "<html></html>"),
    ],
)
async def test_a_server_that_cannot_be_asked_never_makes_a_document_absent(
    server: Buckets, bucket: str, store: Path, status: str, body: str
) -> None:
    await send(server.settings(bucket), delivery_request(store))
    server.before = lambda environ: (status, body)
    with pytest.raises(NotSent):
        await looked_up(server.settings(bucket), delivery_request(store))


REGION = fault("AuthorizationHeaderMalformed", "expecting 'eu-west-3'", "eu-west-3")
PUTS = [
    ("403 Forbidden", fault("AccessDenied", "Access Denied"), Fault.PERSON, "may not do this.*Access Denied"),
    ("403 Forbidden", fault("InvalidAccessKeyId"), Fault.PERSON, "does not know the access key"),
    ("403 Forbidden", fault("RequestTimeTooSkewed"), Fault.PERSON, "clock of this machine"),
    ("403 Forbidden", fault("QuotaExceeded"), Fault.INTEGRATION, "no more room"),
    ("404 Not Found", fault("NoSuchBucket"), Fault.PERSON, "has no bucket"),
    ("404 Not Found", "<html></html>", Fault.PERSON, "does not answer as S3 does"),
    ("301 Moved", fault("PermanentRedirect", "", "eu-west-3"), Fault.PERSON, "not in the region us-east-1"),
    ("400 Bad Request", REGION, Fault.PERSON, "not in the region us-east-1"),
    ("400 Bad Request", fault("RequestTimeout", "not read in time."), Fault.DOCUMENT, "did not get the document whole"),
    ("400 Bad Request", fault("EntityTooLarge"), None, "does not take a document of this size"),
    ("413 Too Large", "", None, "does not take a document of this size"),
    ("400 Bad Request", fault("KeyTooLongError"), None, "too long"),
    ("400 Bad Request", fault("Odd", "a\x85b \u202egpj"), None, r"with the status 400: “Odd: a b gpj”"),
    ("503 Slow Down", fault("SlowDown", "Please reduce"), Fault.INTEGRATION, "left in peace"),
    ("507 Full", fault("XMinioStorageFull"), Fault.INTEGRATION, "no more room"),
    ("409 Conflict", fault("ConditionalRequestConflict"), Fault.DOCUMENT, "at this moment"),
]


@pytest.mark.parametrize(("status", "body", "wanted", "sentence"), PUTS, ids=lambda seen: str(seen)[:20])
async def test_a_refusal_says_what_it_means_and_who_must_do_something(
    server: Buckets, bucket: str, store: Path, status: str, body: str, wanted: Fault | None, sentence: str
) -> None:
    server.before = lambda environ: (status, body) if environ["REQUEST_METHOD"] == "PUT" else None
    with raising(NotSent if wanted else Rejected, match=sentence) as raised:
        await send(server.settings(bucket), delivery_request(store))
    assert getattr(raised.value, "fault", None) == wanted
    assert remedy(raised.value)
    assert server.seen.count(f"PUT /{bucket}/{FIRST}") == 1


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Service Unavailable"])
async def test_a_server_that_fails_over_a_document_may_have_it_and_is_not_asked_again(
    server: Buckets, bucket: str, store: Path, status: str
) -> None:
    server.after = lambda environ: (status, "") if environ["REQUEST_METHOD"] == "PUT" else None
    with raising(Uncertain, match="fails"):
        await send(server.settings(bucket), delivery_request(store))
    assert server.seen.count(f"PUT /{bucket}/{FIRST}") == 1
    server.after = None
    assert (await looked_up(server.settings(bucket), delivery_request(store)))[0] is Found.FOUND


async def test_the_right_region_is_said_where_the_server_tells_it(server: Buckets, bucket: str, store: Path) -> None:
    """Also before a document is sent: a question without words is followed by one that is answered with some."""
    server.before = lambda environ: ("400 Bad Request", REGION)
    with pytest.raises(NotSent) as raised:
        async with S3().connect(server.settings(bucket)) as channel:
            await channel.prepare(delivery_request(store))
    assert remedy(raised.value) == "Set the region to eu-west-3."
    (step,) = await S3().test(server.settings(bucket), None)
    assert remedy(step, "fr") == "Réglez la région sur eu-west-3."


async def test_secrets_are_not_shown_by_what_goes_wrong(server: Buckets, bucket: str, store: Path) -> None:
    wrong = server.settings(bucket, secret_access_key="zeer-geheim")
    with raising(NotSent, match="does not accept the secret key") as raised:
        await send(wrong, delivery_request(store))
    assert raised.value.trouble is Trouble.SIGN_IN
    error: BaseException | None = raised.value
    while error is not None:
        assert "geheim" not in f"{error} {error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "geheim" not in f"{wrong} {S3().destination(wrong)} {await S3().test(wrong, None)}"


async def test_the_environment_of_the_service_changes_nothing(
    server: Buckets, bucket: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_SESSION_TOKEN": "elsewhere",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_ACCESS_KEY_ID": "AKIAELSEWHERE",
        "AWS_REGION": "af-south-1",
    }.items():
        monkeypatch.setenv(name, value)
    await send(server.settings(bucket), delivery_request(store))
    assert server.objects(bucket) == {FIRST: BYTES}
    assert not any("HTTP_X_AMZ_SECURITY_TOKEN" in headers for headers in server.headers)


async def test_a_strange_kind_and_a_strange_path_do_no_harm(server: Buckets, bucket: str, store: Path) -> None:
    settings = server.settings(bucket, path="/in//é #%5B?/[client_name]/", file_name="[number]")
    await send(
        settings, delivery_request(store, media_type="text/x\r\nX-Amz-Acl: public-read", client_name="../Ünal & zn")
    )
    assert list(server.objects(bucket)) == ["in/é #%5B?/_-Ünal & zn/2026-11874.bin"]
    stored = server.client().head_object(Bucket=bucket, Key="in/é #%5B?/_-Ünal & zn/2026-11874.bin")
    assert stored["ContentType"] == "application/octet-stream"


async def test_the_test_of_the_connection_says_when_names_are_not_guarded(server: Buckets, bucket: str) -> None:
    for conditions in ("ignored", "unknown"):
        server.conditions = conditions
        steps = await S3().test(server.settings(bucket, path="in/[folder]"), None)
        assert all(step.ok for step in steps)
        assert "would write over" in sentence(steps[-1])
    assert server.objects(bucket) == {}


async def test_a_key_that_may_not_delete_is_good_enough(server: Buckets, bucket: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    server.client().put_bucket_policy(Bucket=bucket, Policy=policy)
    steps = await S3().test(server.settings(bucket, path="in/[folder]"), None)
    assert all(step.ok for step in steps)
    (left,) = server.objects(bucket)
    assert left.startswith("in/.banqup-test-")
    assert left in sentence(steps[-1])


async def test_a_bucket_that_is_not_there_waits_for_a_person(server: Buckets, store: Path) -> None:
    with raising(NotSent, match="has no bucket nowhere") as raised:
        await deliver(BucketlessReceiver(server), delivery_request(store))  # type: ignore[arg-type]
    assert raised.value.fault is Fault.PERSON
    (step,) = await S3().test(server.settings("nowhere"), None)
    assert "nowhere" in sentence(step, "fr")


class BucketlessReceiver:
    connector = S3()

    def __init__(self, server: Buckets) -> None:
        self.server = server

    def settings(self) -> Any:
        return self.server.settings("nowhere")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://127.0.0.1:1", "refuses the connection"),
        ("https://s3.nowhere.invalid", "There is no server by the name s3.nowhere.invalid"),
        ("https://127.0.0.1:{port}", "No connection to 127.0.0.1:"),
    ],
)
async def test_a_server_that_is_not_there_is_waited_for(
    server: Buckets, store: Path, address: str, sentence: str
) -> None:
    with raising(NotSent, match=sentence) as raised:
        await send(server.settings("in", endpoint=address.format(port=server.port)), delivery_request(store))
    assert raised.value.fault is Fault.INTEGRATION


def test_settings_are_checked_before_they_are_kept() -> None:
    def found(*, complete: bool = False, **values: str) -> list[str]:
        return [f"{problem.field}: {problem.reason.code}" for problem in S3().check(values, complete=complete)]

    assert found(endpoint="https://s3.fr-par.scw.cloud", bucket="in.tray-1", complete=True) == []
    assert found() == []
    assert found(complete=True) == ["region: setting.region-missing"]
    assert found(endpoint="http://minio.example:9000") == ["endpoint: setting.http-is-read"]
    assert found(endpoint="s3.example") == ["endpoint: setting.not-an-address"]
    assert found(bucket="s3://in") == ["bucket: setting.not-a-bucket"]
    assert found(region="eu west") == ["region: setting.not-a-region"]
    assert found(access_key_id="AKIA\n") == ["access_key_id: setting.not-a-key"]
    assert found(file_name="a/b") == ["file_name: setting.slash-in-name"]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"endpoint": "", "region": "eu-west-3"}, "https://s3.eu-west-3.amazonaws.com/in-tray"),
        ({"endpoint": "", "region": "cn-north-1"}, "https://s3.cn-north-1.amazonaws.com.cn/in-tray"),
        ({"endpoint": "https://s3.example/", "addressing": "virtual"}, "https://in-tray.s3.example"),
        ({"endpoint": "https://in-tray.s3.example", "addressing": "virtual"}, "https://in-tray.s3.example"),
    ],
)
def test_requests_go_where_the_settings_say(server: Buckets, changed: dict[str, Any], wanted: str) -> None:
    from banqup_tui.connectors.s3.bucket import _root

    assert _root(server.settings("in-tray", **changed)) == wanted


def test_a_preview_says_where_a_document_would_go(server: Buckets, store: Path) -> None:
    assert S3().where(server.settings("in-tray"), delivery_request(store)) == f"s3://in-tray/{FIRST}"


def test_the_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, banqup_tui.connectors.s3.connector; print({'httpx'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == "set()"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_document_goes_nowhere_else_where_the_server_sends_it_on(
    server: Buckets, bucket: str, store: Path, status: int
) -> None:
    server.location = f"{server.url}/{bucket}/stolen"
    server.before = lambda environ: (f"{status} Moved", "") if environ["PATH_INFO"].endswith(FIRST) else None
    with raising(NotSent, match="sends elsewhere, to ") as raised:
        await send(server.settings(bucket), delivery_request(store))
    assert raised.value.fault is Fault.PERSON
    server.before = lambda environ: (f"{status} Moved", "") if environ["REQUEST_METHOD"] == "PUT" else None
    with raising(NotSent, match="sends elsewhere, to "):
        await send(server.settings(bucket), delivery_request(store))
    assert not [asked for asked in server.seen if "stolen" in asked]


CASES = [
    ("GET", "https://s3.eu-west-3.amazonaws.com/in-tray?list-type=2&max-keys=1&prefix=a%20b%2F", {}, b""),
    ("HEAD", "https://in-tray.s3.example/", {}, b""),
    ("PUT", "http://127.0.0.1:9000/in/a%20b/%C3%A9t%C3%A9%2B%281%29~.xml", {"if-none-match": "*"}, b"<a/>"),
    ("PUT", "https://s3.example:443/in/x", {"content-type": "text/plain", "x-amz-meta-sha256": " a   b "}, b"x" * 99),
    ("DELETE", "https://[::1]:9000/in/x", {}, b""),
]


@pytest.mark.parametrize(("method", "url", "headers", "content"), CASES)
def test_the_signature_is_the_one_of_amazons_own_library(
    method: str, url: str, headers: dict[str, str], content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    from banqup_tui.connectors.s3.signature import Keys, signed

    at = datetime(2026, 11, 30, 4, 5, 6, tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: at.replace(tzinfo=None), raising=False)
    theirs = AWSRequest(method, url, headers=dict(headers), data=content)
    botocore.auth.S3SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG"), "s3", "eu-west-3").add_auth(
        theirs
    )
    ours = signed(
        method, url, headers, content, Keys("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG"), "eu-west-3"), at
    )
    assert ours["authorization"] == theirs.headers["Authorization"]
