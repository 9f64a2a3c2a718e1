"""Routes of a mailbox: its test, and its password, which no command may carry.

Commands are stored on the user's computer.
"""

import asyncio

from litestar import post, put
from litestar.params import FromPath, JSONBody

from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, route, services_of
from banqup_tui.backend.intake import mailbox
from banqup_tui.backend.intake.mailbox_access import (
    OWNER,
    MailboxAccess,
    SignedIn,
    access_tokens,
    authorization_for,
)
from banqup_tui.backend.integrations.oauth import flow
from banqup_tui.backend.integrations.oauth.access_tokens import StoredTokens
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import MailboxPassword, MailboxProvider, SignIn, TestResult


@put(route(paths.MAILBOX_PASSWORD), guards=[in_this_space])
async def set_password(request: ApiRequest, source_id: FromPath[str], data: JSONBody[MailboxPassword]) -> TestResult:
    """Tries the password at the mailbox, and stores it unless the mailbox refuses it."""
    services = services_of(request)
    if data.provider is None:
        return await asyncio.to_thread(mailbox.set_password, services, source_id, Secret(data.password))
    signed_in = SignedIn(sign_in=data.sign_in, authorization=authorization_for(data.provider))
    access = MailboxAccess(signed_in=signed_in)
    return await asyncio.to_thread(
        mailbox.set_access, services, source_id, access, access_tokens(StoredTokens(services))
    )


@post(route(paths.MAILBOX_SIGN_INS), guards=[in_this_space], status_code=200)
async def begin_sign_in(request: ApiRequest, data: JSONBody[MailboxProvider]) -> SignIn:
    """Begins a sign-in for the mailbox; its state is asked for as that of any sign-in."""
    returns: ReturnListener = request.app.state.returns
    return await flow.begin_with(services_of(request), OWNER, authorization_for(data), returns)


@post(route(paths.SOURCE_TEST), guards=[in_this_space], status_code=200)
async def test_mailbox(request: ApiRequest, source_id: FromPath[str]) -> TestResult:
    """Signs in with what is stored, and reads nothing."""
    services = services_of(request)
    return await asyncio.to_thread(mailbox.try_sign_in, services, source_id, access_tokens(StoredTokens(services)))


ROUTES = [set_password, begin_sign_in, test_mailbox]
