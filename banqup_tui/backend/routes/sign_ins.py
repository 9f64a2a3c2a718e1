"""Signing in at a provider in the browser: begun, looked at, and come back from, by itself or by hand."""

from html import escape

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody

from banqup_tui.backend.routes._common import Asked, in_this_space, route, services_of
from banqup_tui.backend.sign_in import signing_in
from banqup_tui.domain.extension import Words
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import ReturnedTo, SignIn, SignInRequest, SignInState

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = '<!doctype html><html lang="{}"><meta charset="utf-8"><title>banqup</title><p>{}</p></html>'
_DONE: Words = {
    "en": "You are signed in. This window can be closed: the program goes on in the terminal.",
    "fr": "Vous êtes connecté. Cette fenêtre peut être fermée : le programme continue dans le terminal.",
}
_NOBODY: Words = {
    "en": "Nobody waits for this sign-in any more. Begin it again in the terminal.",
    "fr": "Plus personne n'attend cette connexion. Recommencez-la dans le terminal.",
}


@post(route(paths.SIGN_INS), guards=[in_this_space], status_code=200)
async def begin(request: Asked, data: JSONBody[SignInRequest]) -> SignIn:
    """With the settings of a form, kept or not: the address of the provider's page."""
    server = request.scope["server"]
    assert server is not None
    assert server[1] is not None
    return await signing_in.begin(services_of(request), data, server[1])


@get(route(paths.SIGN_IN), guards=[in_this_space])
async def look(request: Asked, sign_in_id: FromPath[str]) -> SignIn:
    """Whether the user has come back."""
    return await signing_in.look(services_of(request), sign_in_id)


@put(route(paths.SIGN_IN), guards=[in_this_space])
async def returned_by_hand(request: Asked, sign_in_id: FromPath[str], data: JSONBody[ReturnedTo]) -> SignIn:
    """The address to which the provider sent the browser back, where the browser could not reach it."""
    return await signing_in.returned_by_hand(services_of(request), sign_in_id, data.address)


@get(paths.SIGNED_IN, media_type="text/html")
async def returned(request: Asked) -> Response[str]:
    """The browser itself: it has no token, and is known by the state that the provider gives back."""
    found = await signing_in.returned(services_of(request), request.scope["query_string"].decode("latin-1"))
    language = "fr" if request.headers.get("accept-language", "").lower().startswith("fr") else "en"
    if found is None:
        said, status = _NOBODY[language], 404
    elif found.state is SignInState.SIGNED_IN:
        said, status = _DONE[language], 200
    else:
        said, status = f"{found.sentence} {found.remedy or ''}", 200
    content = _PAGE.format(language, escape(said))
    return Response(content, media_type="text/html", status_code=status, headers=_HEADERS)


ROUTES = [begin, look, returned_by_hand, returned]
