"""GET snapshot, documents, changes, backfill, to-place, extensions: what a copy is made of."""

from datetime import date
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from banqup_tui.backend.api import changes as changing
from banqup_tui.backend.api import snapshots
from banqup_tui.backend.api.routes._common import Asked, in_this_space, json_bytes, route, services_of, user_of
from banqup_tui.backend.problems import Failure
from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import BackfillCount, Changes, Snapshot
from banqup_tui.protocol.problems import ProblemType


@get(paths.SPACES, sync_to_thread=True)
def spaces(request: Asked) -> list[Space]:
    """The spaces that the user works in."""
    return [snapshots.space(services_of(request), user_of(request))]


@get(route(paths.SNAPSHOT), sync_to_thread=True, guards=[in_this_space])
def snapshot(request: Asked) -> Snapshot:
    """The beginning of a copy: everything small, and the cursor of this moment."""
    return snapshots.snapshot(services_of(request), user_of(request))


@get(route(paths.DOCUMENTS), sync_to_thread=True, guards=[in_this_space])
def documents(
    request: Asked,
    before: FromQuery[str | None] = None,
    limit: FromQuery[int] = snapshots.MOST_DOCUMENTS,
    client_id: Annotated[str | None, QueryParameter(name="clientId")] = None,
    at_least: Annotated[str | None, QueryParameter(name="atLeast")] = None,
) -> Response[bytes]:
    """The next documents below the key, newest first, with their deliveries."""
    page = snapshots.documents_page(
        services_of(request), user_of(request), before=before, limit=limit, client_id=client_id, at_least=at_least
    )
    return json_bytes(page)


@get(route(paths.CHANGES), sync_to_thread=True, guards=[in_this_space])
def changes(request: Asked, cursor: FromQuery[str], limit: FromQuery[int] = changing.MOST_CHANGES) -> Changes:
    """What has changed after the cursor, in order, and the next cursor."""
    try:
        return changing.changes(services_of(request), user_of(request), cursor, limit)
    except Failure as failure:
        if failure.problem.type == ProblemType.EPOCH_CHANGED:
            request.app.state.hub.epoch = snapshots.epoch(services_of(request))
        raise


@get(route(paths.EXTENSIONS), sync_to_thread=True, guards=[in_this_space])
def extensions(request: Asked) -> list[Extension]:
    """What stands in the Banqup Store."""
    return list(services_of(request).extensions.all())


@get(route(paths.BACKFILL), sync_to_thread=True, guards=[in_this_space])
def backfill(
    request: Asked,
    client_id: Annotated[str, QueryParameter(name="clientId")],
    folders: FromQuery[list[Folder] | None] = None,
    since: FromQuery[date | None] = None,
) -> BackfillCount:
    """How many documents an activation for this client would find there already, dated `since` or later."""
    wanted = tuple(folders) if folders else None
    return snapshots.backfill_count(services_of(request), user_of(request), client_id, wanted, since)


@get(route(paths.ATTEMPTS), sync_to_thread=True, guards=[in_this_space])
def attempts(request: Asked, delivery_id: FromPath[str]) -> list[Attempt]:
    """Every attempt at a delivery, newest first: with which settings, where to, how long, what was answered."""
    return snapshots.attempts(services_of(request), user_of(request), delivery_id)


@get(route(paths.UNFILED), sync_to_thread=True, guards=[in_this_space])
def unfiled(request: Asked) -> list[Unfiled]:
    """The tray of files whose client or folder could not be told."""
    return list(snapshots.unfiled(services_of(request), user_of(request)))


ROUTES = [spaces, snapshot, documents, changes, extensions, backfill, attempts, unfiled]
