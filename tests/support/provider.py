"""A real OAuth 2.0 provider for tests, in a process of its own: django-oauth-toolkit.

Every refresh token is good for once; shown twice, all is taken back. Its one user is signed in already, and lets every
application in that is registered; at an address that ends in `&deny=1` she refuses.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

USER = "documents@kantoor.example"
APPLICATION = "banqup-desktop"
SECRET_APPLICATION, SECRET = "banqup-with-secret", "geheim-é8"
SCOPE = "mail"
LASTS = timedelta(days=60)
"""A sign-in, from when its tokens were last renewed."""


class Provider(NamedTuple):
    """`url`: where it is."""

    url: str

    @property
    def settings(self) -> dict[str, Any]:
        """Those of a connector that signs in there."""
        return {
            "client_id": APPLICATION,
            "authorize_url": f"{self.url}/o/authorize/",
            "token_url": f"{self.url}/o/token/",
            "scope": SCOPE,
        }

    def sign_in(self, page: str) -> str:
        """What a browser does with the address of a sign-in; the address to which it is then sent."""
        answer = httpx.get(page, trust_env=False, verify=False, timeout=20)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def user_of(self, token: str) -> str | None:
        """Whose access token it is, as a mail server asks."""
        answer = httpx.get(
            f"{self.url}/me", headers={"Authorization": f"Bearer {token}"}, trust_env=False, verify=False, timeout=20
        )
        return answer.text if answer.status_code == 200 else None

    def forget(self) -> None:
        """The user takes back what she has allowed."""
        httpx.post(f"{self.url}/forget", trust_env=False, verify=False, timeout=20).raise_for_status()

    def renewals(self) -> int:
        """How many refresh tokens were ever given out."""
        return int(httpx.get(f"{self.url}/renewals", trust_env=False, verify=False, timeout=20).text)


@contextmanager
def provider(*, expires_in: int = 3600) -> Iterator[Provider]:
    """`expires_in`: for how many seconds an access token is good, as the provider tells."""
    with tempfile.TemporaryDirectory() as directory:
        process = Popen([sys.executable, __file__, directory, str(expires_in)], stdout=PIPE, text=True)
        try:
            assert process.stdout is not None
            yield Provider(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]


def _serve(directory: Path, expires_in: int) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "oauth2_provider"],
        MIGRATION_MODULES=dict.fromkeys(("contenttypes", "auth", "oauth2_provider")),
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": directory / "provider.sqlite"}},
        MIDDLEWARE=[f"{__name__}.signed_in_already"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "SCOPES": {SCOPE: "Sending mail"},
            "PKCE_REQUIRED": True,
            "ROTATE_REFRESH_TOKEN": True,
            "REFRESH_TOKEN_REUSE_PROTECTION": True,
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.validator",
        },
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)
    _register()
    settings.EXPIRES_IN = expires_in
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            return

    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        threading.Event().wait()


def _register() -> None:
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application

    User.objects.create_user("documents", email=USER)
    for client_id, kind, secret in (
        (APPLICATION, Application.CLIENT_PUBLIC, ""),
        (SECRET_APPLICATION, Application.CLIENT_CONFIDENTIAL, SECRET),
    ):
        Application.objects.create(
            client_id=client_id,
            client_type=kind,
            client_secret=secret,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris="http://localhost",
            skip_authorization=True,
        )


def signed_in_already(answer: Any) -> Any:
    from django.contrib.auth.models import User

    def signed_in(request: Any) -> Any:
        request.user = User.objects.get()
        return answer(request)

    return signed_in


def __getattr__(name: str) -> Any:
    """What Django looks for in this module, made once Django is there."""
    if name == "urlpatterns":
        return _urls()
    if name == "validator":
        return _validator()
    raise AttributeError(name)


def _validator() -> Any:
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class AnyPort(OAuth2Validator):  # type: ignore[misc]
        """`http://localhost` as registered, on any port, as Microsoft and Google have it."""

        def validate_redirect_uri(
            self, client_id: str, redirect_uri: str, request: Any, *arguments: Any, **more: Any
        ) -> bool:
            parts = urlsplit(redirect_uri)
            return (parts.scheme, parts.hostname, parts.path) == ("http", "localhost", "")

    return AnyPort


def _urls() -> list[Any]:
    from django.conf import settings
    from django.http import HttpResponse, HttpResponseRedirect
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt
    from oauth2_provider.decorators import protected_resource
    from oauth2_provider.models import RefreshToken
    from oauth2_provider.views import AuthorizationView, TokenView

    def authorize(request: Any) -> Any:
        if request.GET.get("deny"):
            back = f"{request.GET['redirect_uri']}?error=access_denied&state={request.GET['state']}"
            return HttpResponseRedirect(back)
        return AuthorizationView.as_view()(request)

    @csrf_exempt  # type: ignore[untyped-decorator]
    def token(request: Any) -> Any:
        answer = TokenView.as_view()(request)
        if answer.status_code == 200:
            expires_in = {"expires_in": settings.EXPIRES_IN, "refresh_token_expires_in": int(LASTS.total_seconds())}
            answer.content = json.dumps({**json.loads(answer.content), **expires_in})
        return answer

    @csrf_exempt  # type: ignore[untyped-decorator]
    def forget(request: Any) -> Any:
        for one in RefreshToken.objects.filter(revoked__isnull=True):
            one.revoke()
        return HttpResponse()

    return [
        path("o/authorize/", authorize),
        path("o/token/", token),
        path("me", protected_resource(scopes=[SCOPE])(lambda request: HttpResponse(request.resource_owner.email))),
        path("forget", forget),
        path("renewals", lambda request: HttpResponse(json.dumps(RefreshToken.objects.count()))),
    ]


if __name__ == "__main__":
    sys.modules.setdefault("provider", sys.modules["__main__"])
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
