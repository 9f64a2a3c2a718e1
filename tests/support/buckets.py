"""A real S3 server for tests: moto's, with its sign-in on, behind a door where its answers can be changed."""

import io
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from banqup_tui.connectors.s3.connector import S3Settings

REGION = "us-east-1"
EVERYTHING = {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}

Changed = Callable[[dict[str, Any]], "tuple[str, str] | None"]
"""What a request is answered in place of the server: status and body; `None` lets the server answer."""


class Buckets:
    """`conditions`: what the server does about `If-None-Match`. `seen`: each method and path that was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.access_key_id = self.secret = ""
        self.conditions = "honoured"
        self.before: Changed | None = None
        self.after: Changed | None = None
        self.location = ""
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._app: Any = DomainDispatcherApplication(create_backend_app)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        self.headers.append({name: str(value) for name, value in environ.items() if name.startswith("HTTP_")})
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        changed = self.before(environ) if self.before else None
        if changed is None and "HTTP_IF_NONE_MATCH" in environ:
            changed = self._without_conditions(environ)
        if changed is None and self.after:
            changed = self.after(environ)
            if changed is not None:
                list(self._app(environ, lambda *_: lambda _data: None))
        if changed is None:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else changed[1].encode()
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        start_response(changed[0], [*headers, *([("Location", self.location)] if self.location else [])])
        return [body]

    def _without_conditions(self, environ: dict[str, Any]) -> tuple[str, str] | None:
        """Ignored: the signature must stay right, so the condition is made one that always holds."""
        if self.conditions == "unknown":
            return "501 Not Implemented", fault("NotImplemented", "A header you provided is not implemented")
        if self.conditions == "ignored":
            bucket, key = environ["PATH_INFO"].lstrip("/").split("/", 1)
            self.client().delete_object(Bucket=bucket, Key=key)
        return None

    def client(self) -> Any:
        """Somebody else's way in, for what the reader of a bucket sees."""
        return _client("s3", self.url, self.access_key_id, self.secret)

    def bucket(self) -> str:
        """A new one."""
        name = f"in-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def settings(self, bucket: str, port: int = 0, **changed: Any) -> S3Settings:
        values: dict[str, Any] = {
            "endpoint": f"http://127.0.0.1:{port or self.port}",
            "bucket": bucket,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret,
            "path": "[folder]",
        }
        return S3Settings(**{**values, **changed})

    def objects(self, bucket: str) -> dict[str, bytes]:
        client = self.client()
        found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {one["Key"]: client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}

    def reset(self) -> None:
        self.conditions, self.before, self.after = "honoured", None, None
        self.seen.clear()
        self.headers.clear()


def fault(code: str, message: str = "said so", region: str = "") -> str:
    where = f"<Region>{region}</Region>" if region else ""
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{where}</Error>'


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def buckets() -> Iterator[Buckets]:
    server = Buckets()
    listening = make_server("127.0.0.1", 0, server, threaded=True, request_handler=_Quiet)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.port = listening.server_port
    running = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    running.start()
    try:
        _let_in(server)
        yield server
    finally:
        httpx.post(f"{server.url}/moto-api/reset-auth", content=b"inf", trust_env=False, verify=False)
        listening.shutdown()
        running.join()
        listening.server_close()


def _let_in(server: Buckets) -> None:
    """One user with a key who may do everything; from then on only who signs is let in."""
    iam = _client("iam", server.url, "nobody", "nothing")
    name = f"banqup-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    policy = {"Version": "2012-10-17", "Statement": [EVERYTHING]}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    server.access_key_id, server.secret = key["AccessKeyId"], key["SecretAccessKey"]
    httpx.post(f"{server.url}/moto-api/reset-auth", content=b"0", trust_env=False, verify=False).raise_for_status()


def _client(of: str, url: str, key: str, secret: str) -> Any:
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={})
    return boto3.client(
        of, endpoint_url=url, region_name=REGION, aws_access_key_id=key, aws_secret_access_key=secret, config=config
    )
