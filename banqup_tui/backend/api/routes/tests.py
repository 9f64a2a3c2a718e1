"""Route for connection tests, with settings that may not be stored yet."""

from litestar import post
from litestar.params import JSONBody

from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, route, services_of
from banqup_tui.backend.dispatch import connection_test
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import TestRequest, TestResult


@post(route(paths.TESTS), guards=[in_this_space], status_code=200)
async def test(request: ApiRequest, data: JSONBody[TestRequest]) -> TestResult:
    """Runs the test step by step. Sends no document."""
    return await connection_test.test(services_of(request), data)


test.__test__ = False  # type: ignore[attr-defined]
ROUTES = [test]
