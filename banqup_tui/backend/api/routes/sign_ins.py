"""Signing in at a provider in the browser: begun, looked at, and come back from, by itself or by hand."""

from litestar import get, post, put
from litestar.params import FromPath, JSONBody

from banqup_tui.backend.api.routes._common import Asked, in_this_space, route, services_of
from banqup_tui.backend.integrations.oauth import flow
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import ReturnedTo, SignIn, SignInRequest


@post(route(paths.SIGN_INS), guards=[in_this_space], status_code=200)
async def begin(request: Asked, data: JSONBody[SignInRequest]) -> SignIn:
    """With the settings of a form, kept or not: the address of the provider's page."""
    return await flow.begin(services_of(request), data, _returns(request))


@get(route(paths.SIGN_IN), guards=[in_this_space])
async def look(request: Asked, sign_in_id: FromPath[str]) -> SignIn:
    """Whether the user has come back."""
    return await flow.look(services_of(request), sign_in_id)


@put(route(paths.SIGN_IN), guards=[in_this_space])
async def returned_by_hand(request: Asked, sign_in_id: FromPath[str], data: JSONBody[ReturnedTo]) -> SignIn:
    """The address to which the provider sent the browser back, where the browser could not reach it."""
    return await flow.returned_by_hand(services_of(request), sign_in_id, data.address, _returns(request))


def _returns(request: Asked) -> ReturnListener:
    found: ReturnListener = request.app.state.returns
    return found


ROUTES = [begin, look, returned_by_hand]
