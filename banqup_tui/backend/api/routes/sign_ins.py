"""Routes for a sign-in in the browser at a provider."""

from litestar import get, post, put
from litestar.params import FromPath, JSONBody

from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, route, services_of
from banqup_tui.backend.integrations.oauth import flow
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import ReturnedTo, SignIn, SignInRequest


@post(route(paths.SIGN_INS), guards=[in_this_space], status_code=200)
async def begin(request: ApiRequest, data: JSONBody[SignInRequest]) -> SignIn:
    """Begins a sign-in with the settings of a form, and returns the address of the provider's page."""
    return await flow.begin(services_of(request), data, _returns(request))


@get(route(paths.SIGN_IN), guards=[in_this_space])
async def look(request: ApiRequest, sign_in_id: FromPath[str]) -> SignIn:
    """Returns the state of the sign-in."""
    return await flow.look(services_of(request), sign_in_id)


@put(route(paths.SIGN_IN), guards=[in_this_space])
async def returned_by_hand(request: ApiRequest, sign_in_id: FromPath[str], data: JSONBody[ReturnedTo]) -> SignIn:
    """Finishes a sign-in with the address that the browser could not open."""
    return await flow.returned_by_hand(services_of(request), sign_in_id, data.address, _returns(request))


def _returns(request: ApiRequest) -> ReturnListener:
    found: ReturnListener = request.app.state.returns
    return found


ROUTES = [begin, look, returned_by_hand]
