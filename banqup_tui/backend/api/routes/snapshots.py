"""Routes for reading: snapshot, documents, changes, extensions, backfill, attempts and unfiled documents."""

from datetime import date
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from banqup_tui.backend.api import changes as changing
from banqup_tui.backend.api import snapshots
from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, json_bytes, route, services_of, user_of
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import BackfillCount, Changes, Snapshot
from banqup_tui.protocol.problems import ProblemType


@get(paths.SPACES, sync_to_thread=True)
def spaces(request: ApiRequest) -> list[Space]:
    """Returns the spaces of the user."""
    return [snapshots.space(services_of(request), user_of(request))]


@get(route(paths.SNAPSHOT), sync_to_thread=True, guards=[in_this_space])
def snapshot(request: ApiRequest) -> Snapshot:
    """Returns the start of a copy: everything but the documents, and the cursor of this moment."""
    return snapshots.snapshot(services_of(request), user_of(request))


@get(route(paths.DOCUMENTS), sync_to_thread=True, guards=[in_this_space])
def documents(
    request: ApiRequest,
    before: FromQuery[str | None] = None,
    limit: FromQuery[int] = snapshots.MOST_DOCUMENTS,
    client_id: Annotated[str | None, QueryParameter(name="clientId")] = None,
    at_least: Annotated[str | None, QueryParameter(name="atLeast")] = None,
) -> Response[bytes]:
    """Returns the next documents below the key, newest first, with their deliveries."""
    page = snapshots.documents_page(
        services_of(request), user_of(request), before=before, limit=limit, client_id=client_id, at_least=at_least
    )
    return json_bytes(page)


@get(route(paths.CHANGES), sync_to_thread=True, guards=[in_this_space])
def changes(request: ApiRequest, cursor: FromQuery[str], limit: FromQuery[int] = changing.MOST_CHANGES) -> Changes:
    """Returns the changes after the cursor, in order, and the next cursor."""
    try:
        return changing.changes(services_of(request), user_of(request), cursor, limit)
    except RequestFailure as failure:
        if failure.problem.type == ProblemType.EPOCH_CHANGED:
            request.app.state.hub.epoch = snapshots.epoch(services_of(request))
        raise


@get(route(paths.EXTENSIONS), sync_to_thread=True, guards=[in_this_space])
def extensions(request: ApiRequest) -> list[Extension]:
    """Returns the extensions in the Banqup Store."""
    return list(services_of(request).extensions.all())


@get(route(paths.BACKFILL), sync_to_thread=True, guards=[in_this_space])
def backfill(
    request: ApiRequest,
    client_id: Annotated[str, QueryParameter(name="clientId")],
    folders: FromQuery[list[Folder] | None] = None,
    since: FromQuery[date | None] = None,
) -> BackfillCount:
    """Counts the documents that an activation would find for this client, dated `since` or later."""
    wanted = tuple(folders) if folders else None
    return snapshots.backfill_count(services_of(request), user_of(request), client_id, wanted, since)


@get(route(paths.ATTEMPTS), sync_to_thread=True, guards=[in_this_space])
def attempts(request: ApiRequest, delivery_id: FromPath[str]) -> list[Attempt]:
    """Returns all attempts at a delivery, newest first."""
    return snapshots.attempts(services_of(request), user_of(request), delivery_id)


@get(route(paths.UNFILED), sync_to_thread=True, guards=[in_this_space])
def unfiled(request: ApiRequest) -> list[Unfiled]:
    """Returns the documents whose client or folder is unknown."""
    return list(snapshots.unfiled(services_of(request), user_of(request)))


ROUTES = [spaces, snapshot, documents, changes, extensions, backfill, attempts, unfiled]
