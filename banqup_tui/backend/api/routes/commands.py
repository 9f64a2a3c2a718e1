"""Routes for commands: batches, withdrawal, and single writes that are commands under their own address."""

from typing import Annotated

import msgspec
from litestar import Response, delete, post, put
from litestar.params import FromPath, HeaderParameter, JSONBody, RawBody

from banqup_tui.backend.api import commands as running
from banqup_tui.backend.api.cursors import read_seen
from banqup_tui.backend.api.routes._common import (
    JSON,
    ApiRequest,
    ApiResponse,
    in_this_space,
    route,
    services_of,
    user_of,
)
from banqup_tui.backend.problems import RequestFailure, headers_of, problem, status_of
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol import paths
from banqup_tui.protocol.commands import (
    CommandBody,
    PauseIntegration,
    RemoveIntegration,
    Resend,
    ResumeIntegration,
    Send,
    SetProcessed,
    encode,
)
from banqup_tui.protocol.messages import Command, CommandResult, CommandResults, Commands, CommandStatus
from banqup_tui.protocol.problems import MEDIA_TYPE, Problem, ProblemType

MOST_BYTES = 1024 * 1024

Key = Annotated[str, HeaderParameter(name="Idempotency-Key")]
IfSeen = Annotated[str, HeaderParameter(name="If-Seen")]


@post(
    route(paths.COMMANDS),
    sync_to_thread=True,
    guards=[in_this_space],
    status_code=200,
    request_max_body_size=MOST_BYTES,
)
def commands(request: ApiRequest, body: RawBody) -> CommandResults:
    """Answers a prefix of the batch, in order; each command once and for all."""
    asked = _batch(body)
    return running.run_batch(services_of(request), request.app.state.handlers, user_of(request), asked.commands)


_commands = msgspec.json.Decoder(Commands)


def _batch(body: bytes) -> Commands:
    """Decodes the batch. The command bodies stay raw, so that an unreadable body refuses only its own command."""
    try:
        return _commands.decode(body)
    except msgspec.DecodeError as error:
        raise RequestFailure(ProblemType.BAD_REQUEST, message("request.batch-unreadable", quote=str(error))) from None


@delete(route(paths.COMMAND), sync_to_thread=True, guards=[in_this_space], status_code=200)
def withdraw(request: ApiRequest, key: FromPath[str], if_seen: IfSeen) -> CommandResult:
    """Withdraws a command, or returns its result if it has run."""
    return running.withdraw(services_of(request), user_of(request), key, read_seen(if_seen, "If-Seen"))


class SetProcessedTo(Value, frozen=True, kw_only=True):
    processed: bool


class Deliveries(Value, frozen=True, kw_only=True):
    """Body of a delivery request: either `send` or `resend`."""

    send: Send | None = None
    resend: Resend | None = None


@post(route(paths.DELIVERIES), sync_to_thread=True, guards=[in_this_space], status_code=202)
def deliver(request: ApiRequest, data: JSONBody[Deliveries], idempotency_key: Key, if_seen: IfSeen) -> ApiResponse:
    """Sends documents, or sends them again."""
    body = data.send or data.resend
    if body is None or (data.send and data.resend):
        raise RequestFailure(ProblemType.BAD_REQUEST, Message("request.send-or-resend"))
    return _single(request, body, idempotency_key, if_seen, 202)


@put(route(paths.PROCESSED), sync_to_thread=True, guards=[in_this_space])
def set_processed(
    request: ApiRequest,
    document_id: FromPath[str],
    data: JSONBody[SetProcessedTo],
    idempotency_key: Key,
    if_seen: IfSeen,
) -> ApiResponse:
    """Marks one document as processed or not processed."""
    body = SetProcessed(document_ids=(document_id,), processed=data.processed)
    return _single(request, body, idempotency_key, if_seen, 200)


@post(route(paths.PAUSE), sync_to_thread=True, guards=[in_this_space], status_code=200)
def pause(request: ApiRequest, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> ApiResponse:
    """Pauses an integration: after the answer no further delivery begins."""
    return _single(request, PauseIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


@post(route(paths.RESUME), sync_to_thread=True, guards=[in_this_space], status_code=200)
def resume(request: ApiRequest, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> ApiResponse:
    """Resumes a paused or broken integration."""
    return _single(request, ResumeIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


@delete(route(paths.INTEGRATION), sync_to_thread=True, guards=[in_this_space], status_code=200)
def remove(request: ApiRequest, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> ApiResponse:
    """Removes the integration from its client."""
    return _single(request, RemoveIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


def _single(request: ApiRequest, body: CommandBody, key: str, if_seen: str, status: int) -> ApiResponse:
    command = Command(key=key, kind=body.KIND, seen=if_seen, body=encode(body))
    result = running.run(services_of(request), request.app.state.handlers, user_of(request), command)
    if result.status is CommandStatus.DONE:
        return Response(msgspec.json.encode(result), media_type=JSON, status_code=status)
    return problem_response(result.problem or problem(ProblemType.REFUSED, Message("command.refused")))


def problem_response(found: Problem) -> ApiResponse:
    return Response(
        msgspec.json.encode(found), media_type=MEDIA_TYPE, status_code=status_of(found), headers=headers_of(found)
    )


ROUTES = [commands, withdraw, deliver, set_processed, pause, resume, remove]
