"""Buckets: the contract of all connectors over a wire, and what is particular to S3."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.connectors.interface import Channel, Fault, Found, NotSent, Parcel, Receipt, Rejected, Uncertain
from banqup_tui.connectors.s3 import S3
from tests.connectors.contract import Arrived, WireContract, WiredReceiver, deliver, next_attempt
from tests.support.buckets import Buckets, buckets, fault
from tests.support.parcels import BYTES, parcel
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
