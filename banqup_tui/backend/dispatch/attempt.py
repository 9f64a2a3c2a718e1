"""One attempt, from the claim to its outcome: prepare, mark, commit; or a look-up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.backend.connector_host.pool import ConnectionPool
from banqup_tui.backend.dispatch.group_commit import GroupCommitWriter
from banqup_tui.backend.dispatch.requests import Brief
from banqup_tui.backend.dispatch.warm_up import Coming
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.look_up import earlier_receipts
from banqup_tui.backend.ledger.outcome import Result
from banqup_tui.backend.ledger.rules import Terms
from banqup_tui.backend.redaction import AttemptSecrets
from banqup_tui.connectors.common.limits import refuse_unfit
from banqup_tui.connectors.interface import (
    Channel,
    Connector,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    Uncertain,
)
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.messages import Message
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.services import Services

T = TypeVar("T")
_log = logging.getLogger(__name__)


class _Progress(msgspec.Struct):
    """How far an attempt came, and what of it nobody may read.

    `begun`: the effect may have begun. `recorded`: what came of it is written down.
    """

    resume_token: str | None = None
    begun: bool = False
    recorded: bool = False
    secrets: AttemptSecrets | None = None


class _LetGo(Exception):
    """The mark was refused: the ledger has already said what becomes of the delivery."""


class Attempts:
    def __init__(
        self, services: Services, terms: Terms, threads: ThreadPoolExecutor, writer: GroupCommitWriter
    ) -> None:
        self._services = services
        self._terms = terms
        self._threads = threads
        self._writer = writer
        self._channels = ConnectionPool(terms.timing.channel_idle)
        self._host = ConnectorHost()

    async def attempt(self, claim: Claim, brief: Brief | Exception) -> bool:
        """Writes down what came of it. Cancelled, it does so first, and then is. True: there is a receipt."""
        progress = _Progress(secrets=AttemptSecrets(brief.settings) if isinstance(brief, Brief) else None)
        timed_out = False
        cancelled: asyncio.CancelledError | None = None
        result: Result | None
        try:
            async with asyncio.timeout(self._terms.timing.deadline):
                result = await self._deliver(claim, brief, progress)
        except _LetGo:
            return False
        except asyncio.CancelledError as error:
            cancelled, result = error, _cut_off(claim, progress, messages.STOPPED_WHILE_SENDING)
        except TimeoutError:
            timed_out, result = True, _cut_off(claim, progress, messages.TOO_SLOW)
        except Exception as error:
            result = _result_of(claim, progress, error)
        if not progress.recorded:
            await self._ended(claim, progress, result, timed_out)
            kill_point("outcome.committed")
        if cancelled is not None:
            raise cancelled
        return isinstance(result, Receipt)

    async def _ended(self, claim: Claim, progress: _Progress, result: Result, timed_out: bool) -> DeliveryState | None:
        """The only way of an attempt's outcome into the ledger: nothing passes with a secret of the attempt in it."""
        if progress.secrets is not None:
            result = progress.secrets.redactor().result(result)
        return await self._writer.ended(claim, result, timed_out)

    def expect(self, coming: Sequence[Coming]) -> None:
        """Attempts of these integrations are about to begin: signing in takes the time that claiming takes."""
        for one in coming:
            self._channels.open_ahead(one.key, partial(self._connect, one.connector, one.settings))

    async def close(self) -> None:
        await self._channels.close()
        await self._host.close()

    async def _deliver(self, claim: Claim, brief: Brief | Exception, progress: _Progress) -> Result:
        if isinstance(brief, Exception):
            raise brief
        connector, settings, delivery_request = brief.connector, brief.settings, brief.delivery_request
        if not claim.checking:
            refuse_unfit(connector.manifest, delivery_request)
        key = (claim.integration_id, claim.settings_version)
        async with self._channels.pooled(key, partial(self._connect, connector, settings)) as pooled:
            channel = await pooled.channel()
            try:
                if claim.checking:
                    return await self._check(channel, claim, delivery_request, connector.manifest.kind)
                return await self._send(channel, claim, delivery_request, progress)
            except (Rejected, NotSent) as raised:
                await self._nothing_arrived(channel, claim, progress, raised)
                if isinstance(raised, NotSent) and raised.fault is not Fault.DOCUMENT:
                    raise
                return raised

    def _connect(self, connector: Connector[Any], settings: Any) -> AbstractAsyncContextManager[Channel]:
        if connector.manifest.carried:
            return self._host.connect(connector, settings)
        return connector.connect(settings)

    async def _nothing_arrived(
        self, channel: Channel, claim: Claim, progress: _Progress, raised: Rejected | NotSent
    ) -> None:
        """Takes the hidden file away, once nobody else may finish what it was for.

        To whoever rolls forward, a hidden file that is gone means that the document arrived: so after the mark it
        stays until this end is written down, and for good where another has taken the delivery over.
        """
        if not progress.begun:
            await _discard(channel, progress)
            return
        state = await self._ended(claim, progress, raised, False)
        progress.recorded = True
        kill_point("outcome.committed")
        if state not in (None, DeliveryState.UNKNOWN):
            await _discard(channel, progress)

    async def _send(
        self, channel: Channel, claim: Claim, delivery_request: DeliveryRequest, progress: _Progress
    ) -> Receipt:
        resume_token = progress.resume_token = await channel.prepare(delivery_request)
        kill_point("prepare.uploaded")
        if not await self._writer.mark(claim, resume_token):
            await _discard(channel, progress)
            raise _LetGo
        kill_point("mark.committed")
        progress.begun = True
        return await channel.commit(delivery_request, resume_token)

    async def _check(
        self, channel: Channel, claim: Claim, delivery_request: DeliveryRequest, kind: ReceiverKind
    ) -> Result:
        earlier = await self._in_thread(lambda: self._earlier(claim))
        kill_point("check.asked")
        if kind is ReceiverKind.RENAME and claim.resume_token is not None:
            answer: Result = await channel.roll_forward(delivery_request, claim.resume_token)
        else:
            found, receipt = await channel.look_up(delivery_request, earlier)
            answer = (receipt or Receipt(text=delivery_request.file_name)) if found is Found.FOUND else found
        kill_point("check.answered")
        return answer

    def _earlier(self, claim: Claim) -> list[str]:
        with self._services.database.read() as connection:
            return earlier_receipts(connection, claim)

    async def _in_thread(self, do: Callable[[], T]) -> T:
        """What has begun on the database is waited for, even when this attempt is cancelled meanwhile."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, do)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


async def _discard(channel: Channel, progress: _Progress) -> None:
    """A connector that breaks its word here changes nothing of what is known of the delivery."""
    if progress.resume_token is None:
        return
    try:
        await channel.discard(progress.resume_token)
    except Exception:
        _log.warning("a hidden file could not be taken away", exc_info=True)


def _result_of(claim: Claim, progress: _Progress, error: Exception) -> Result:
    """What a connector raised, read with care: before the effect nothing is uncertain, after it nothing else is."""
    if isinstance(error, NotSent | Rejected):
        return error
    if isinstance(error, Uncertain) and (progress.begun or claim.checking):
        return error
    if not isinstance(error, Uncertain):
        _log.error("the connector %s failed", claim.extension_id, exc_info=error)
    return _cut_off(claim, progress, error.message if isinstance(error, Uncertain) else messages.WENT_WRONG)


def _cut_off(claim: Claim, progress: _Progress, reason: Message) -> Result:
    if progress.begun or claim.checking:
        return Uncertain(reason)
    return NotSent(reason)
