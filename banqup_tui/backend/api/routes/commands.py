"""POST commands, DELETE one of them, and the single writes that are commands under their own address."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, post, put
from litestar.params import FromPath, HeaderParameter, JSONBody, RawBody

from banqup_tui.backend.api import commands as running
from banqup_tui.backend.api.cursors import read_seen
from banqup_tui.backend.api.routes._common import JSON, Asked, in_this_space, route, services_of, user_of
from banqup_tui.backend.problems import Failure, headers_of, problem, status_of
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
def commands(request: Asked, body: RawBody) -> CommandResults:
    """Answers a prefix of the batch, in order; each command once and for all."""
    asked = _batch(body)
    return running.run_batch(services_of(request), request.app.state.handlers, user_of(request), asked.commands)


_commands = msgspec.json.Decoder(Commands)


def _batch(body: bytes) -> Commands:
    """The bodies of the commands stay as they were written, and are read one by one."""
    try:
        return _commands.decode(body)
    except msgspec.DecodeError as error:
        raise Failure(ProblemType.BAD_REQUEST, message("request.batch-unreadable", quote=str(error))) from None


@delete(route(paths.COMMAND), sync_to_thread=True, guards=[in_this_space], status_code=200)
def withdraw(request: Asked, key: FromPath[str], if_seen: IfSeen) -> CommandResult:
    """Takes a command back; or says what came of it, if it had run."""
    return running.withdraw(services_of(request), user_of(request), key, read_seen(if_seen, "If-Seen"))


class SetProcessedTo(Value, frozen=True, kw_only=True):
    processed: bool


class Deliveries(Value, frozen=True, kw_only=True):
    """Exactly one of the two."""

    send: Send | None = None
    resend: Resend | None = None


@post(route(paths.DELIVERIES), sync_to_thread=True, guards=[in_this_space], status_code=202)
def deliver(request: Asked, data: JSONBody[Deliveries], idempotency_key: Key, if_seen: IfSeen) -> Response[Any]:
    """SEND or RESEND."""
    body = data.send or data.resend
    if body is None or (data.send and data.resend):
        raise Failure(ProblemType.BAD_REQUEST, Message("request.send-or-resend"))
    return _single(request, body, idempotency_key, if_seen, 202)


@put(route(paths.PROCESSED), sync_to_thread=True, guards=[in_this_space])
def set_processed(
    request: Asked, document_id: FromPath[str], data: JSONBody[SetProcessedTo], idempotency_key: Key, if_seen: IfSeen
) -> Response[Any]:
    """Marks one document processed, or not."""
    body = SetProcessed(document_ids=(document_id,), processed=data.processed)
    return _single(request, body, idempotency_key, if_seen, 200)


@post(route(paths.PAUSE), sync_to_thread=True, guards=[in_this_space], status_code=200)
def pause(request: Asked, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> Response[Any]:
    """Once this is answered, nothing more is begun for the integration."""
    return _single(request, PauseIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


@post(route(paths.RESUME), sync_to_thread=True, guards=[in_this_space], status_code=200)
def resume(request: Asked, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> Response[Any]:
    """Goes on; also mends a broken one."""
    return _single(request, ResumeIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


@delete(route(paths.INTEGRATION), sync_to_thread=True, guards=[in_this_space], status_code=200)
def remove(request: Asked, integration_id: FromPath[str], idempotency_key: Key, if_seen: IfSeen) -> Response[Any]:
    """Takes the integration away from its client."""
    return _single(request, RemoveIntegration(integration_id=integration_id), idempotency_key, if_seen, 200)


def _single(request: Asked, body: CommandBody, key: str, if_seen: str, status: int) -> Response[Any]:
    command = Command(key=key, kind=body.KIND, seen=if_seen, body=encode(body))
    result = running.run(services_of(request), request.app.state.handlers, user_of(request), command)
    if result.status is CommandStatus.DONE:
        return Response(msgspec.json.encode(result), media_type=JSON, status_code=status)
    return problem_response(result.problem or problem(ProblemType.REFUSED, Message("command.refused")))


def problem_response(found: Problem) -> Response[Any]:
    return Response(
        msgspec.json.encode(found), media_type=MEDIA_TYPE, status_code=status_of(found), headers=headers_of(found)
    )


ROUTES = [commands, withdraw, deliver, set_processed, pause, resume, remove]
