"""Route for the password of a mailbox, which no command may carry: commands are stored on the user's computer."""

import asyncio

from litestar import put
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


ROUTES = [set_password]
