"""A real WebDAV server for tests: WsgiDAV on cheroot, with a door where its answers can be changed."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server as Cheroot
from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

from banqup_tui.connectors.webdav.connector import WebDavSettings

USER, PASSWORD = "parvis", "geheim"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Changed = Callable[[dict[str, Any]], "tuple[str, bytes] | None"]
"""What a request is answered in place of the server: status and body; `None` lets the server answer."""


class Dav:
    """`root`: the directory that the server shows below `/dav`. `seen`: each method and path that was asked."""

    def __init__(self, root: Path, *, digest: bool, largest: int) -> None:
        self.root = root
        self._largest = largest
        self.port = 0
        self.before: Changed | None = None
        self.after: Changed | None = None
        self.seen: list[str] = []
        self.destinations: list[str] = []
        self._app: Wsgi = WsgiDAVApp(
            {
                "provider_mapping": {"/dav": FilesystemProvider(str(root))},
                "http_authenticator": {
                    "accept_basic": not digest,
                    "accept_digest": digest,
                    "default_to_digest": digest,
                },
                "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
                "verbose": 0,
                "logging": {"enable": False},
            }
        )

    def settings(self, port: int = 0, **changed: Any) -> WebDavSettings:
        url = f"http://127.0.0.1:{port or self.port}/dav"
        values = {"url": url, "user": USER, "password": PASSWORD, "path": "[folder]", **changed}
        return WebDavSettings(**values)

    def files(self) -> list[str]:
        return sorted(str(seen.relative_to(self.root)) for seen in self.root.rglob("*") if seen.is_file())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if "HTTP_DESTINATION" in environ:
            self.destinations.append(environ["HTTP_DESTINATION"])
        changed = self.before(environ) if self.before else None
        if self._largest < int(environ.get("CONTENT_LENGTH") or 0):
            changed = "413 Request Entity Too Large", b""
        if changed is None and self.after:
            changed = self.after(environ)
            if changed is not None:
                self._do(environ)
        if changed is None:
            return self._app(environ, start_response)
        environ["wsgi.input"].read()
        start_response(changed[0], [("Content-Type", "text/plain"), ("Content-Length", str(len(changed[1])))])
        return [changed[1]]

    def _do(self, environ: dict[str, Any]) -> None:
        """The server does it, and nobody hears its answer."""
        answer = self._app(environ, lambda *_: lambda _data: None)
        list(answer)
        with contextlib.suppress(AttributeError):
            answer.close()  # type: ignore[attr-defined]


@contextmanager
def dav_server(
    root: Path, *, digest: bool = False, largest: int = sys.maxsize, hangs_up_above: int = 0
) -> Iterator[Dav]:
    """`largest`: bytes of a body that the door lets in, as a proxy in front of such a server does.

    `hangs_up_above`: for larger bodies the server answers 413 and closes the connection, with nothing of it read.
    """
    root.mkdir(exist_ok=True)
    dav = Dav(root, digest=digest, largest=largest)
    server = Cheroot(("127.0.0.1", 0), dav, numthreads=4, shutdown_timeout=0)
    server.max_request_body_size = hangs_up_above
    server.expiration_interval = 0.02
    server.prepare()
    dav.port = server.bind_addr[1]
    running = threading.Thread(target=server.serve, daemon=True)
    running.start()
    try:
        yield dav
    finally:
        server.stop()
        running.join()
