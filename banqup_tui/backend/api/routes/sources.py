"""Routes of a mailbox: its test, and its password, which no command may carry.

Commands are stored on the user's computer.
"""

import asyncio

from litestar import post, put
from litestar.params import FromPath, JSONBody

from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, route, services_of
from banqup_tui.backend.intake import mailbox
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import MailboxPassword, TestResult


@put(route(paths.MAILBOX_PASSWORD), guards=[in_this_space])
async def set_password(request: ApiRequest, source_id: FromPath[str], data: JSONBody[MailboxPassword]) -> TestResult:
    """Tries the password at the mailbox, and stores it unless the mailbox refuses it."""
    return await asyncio.to_thread(mailbox.set_password, services_of(request), source_id, Secret(data.password))


@post(route(paths.SOURCE_TEST), guards=[in_this_space], status_code=200)
async def test_mailbox(request: ApiRequest, source_id: FromPath[str]) -> TestResult:
    """Signs in with the stored password, and reads nothing."""
    return await asyncio.to_thread(mailbox.try_sign_in, services_of(request), source_id)


ROUTES = [set_password, test_mailbox]
