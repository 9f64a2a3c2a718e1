"""Sign-in to a WebDAV server by name and password, with Basic or Digest."""

from collections.abc import Generator

import httpx

_Flow = Generator[httpx.Request, httpx.Response, None]


class PasswordAuth(httpx.Auth):
    """Starts with Basic. After a server has asked for Digest, the password itself is not sent to it again."""

    def __init__(self, user: str, password: str) -> None:
        self._basic = httpx.BasicAuth(user, password)
        self._digest = httpx.DigestAuth(user, password)
        self._wants_digest = False

    def auth_flow(self, request: httpx.Request) -> _Flow:
        if self._wants_digest:
            yield from self._digest.auth_flow(request)
            return
        response = yield next(self._basic.auth_flow(request))
        if response.status_code == 401 and _asks_for_digest(response):
            self._wants_digest = True
            yield from self._answering(request, response)

    def _answering(self, request: httpx.Request, challenge: httpx.Response) -> _Flow:
        """Answers the Digest challenge that came with the refusal of Basic, which `DigestAuth` would request again."""
        del request.headers["Authorization"]
        flow = self._digest.auth_flow(request)
        next(flow)
        try:
            flow.send(challenge)
        except StopIteration:
            return
        yield request


def _asks_for_digest(response: httpx.Response) -> bool:
    return any(challenge.lower().startswith("digest ") for challenge in response.headers.get_list("www-authenticate"))
