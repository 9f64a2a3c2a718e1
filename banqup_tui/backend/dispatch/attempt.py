"""Runs attempts from the claim to the outcome: prepare, mark and commit, or a look-up."""

from __future__ import annotations

import asyncio
import logging
from asyncio import timeout
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from banqup_tui.backend.connector_host.calls import HostEnded
from banqup_tui.backend.connector_host.pool import ConnectionPool
from banqup_tui.backend.dispatch.group_commit import GroupCommitWriter
from banqup_tui.backend.dispatch.requests import AttemptInput
from banqup_tui.backend.dispatch.warm_up import Upcoming
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.look_up import earlier_receipts
from banqup_tui.backend.ledger.outcome import Ended, Result
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.redaction import AttemptSecrets
from banqup_tui.connectors.common.limits import refuse_unfit
from banqup_tui.connectors.interface import (
    Channel,
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
    """How far an attempt has come.

    Attributes:
        begun: The mark is committed, so the effect may have begun.
        recorded: The outcome is in the ledger.
        secrets: Secrets of the settings, to be removed from the outcome.
    """

    resume_token: str | None = None
    begun: bool = False
    recorded: bool = False
    secrets: AttemptSecrets | None = None


class _MarkRefused(Exception):
    """The mark was refused. The ledger has settled the delivery already, so there is no outcome to record."""


class Attempts:
    """Runs attempts on the event loop, over connections that it pools."""

    def __init__(
        self, services: Services, rules: LedgerRules, threads: ThreadPoolExecutor, writer: GroupCommitWriter
    ) -> None:
        self._services = services
        self._rules = rules
        self._threads = threads
        self._writer = writer
        self._channels = ConnectionPool(rules.timing.channel_idle)

    async def attempt(self, claim: Claim, attempt_input: AttemptInput | Exception) -> bool:
        """Runs one attempt and records its outcome in the ledger.

        If the attempt is cancelled, it records that before it raises `CancelledError`.

        Args:
            attempt_input: The input of the attempt, or the error that keeps it from beginning.

        Returns:
            Whether there is a receipt.
        """
        progress = _Progress(
            secrets=AttemptSecrets(attempt_input.settings) if isinstance(attempt_input, AttemptInput) else None
        )
        timed_out = False
        cancelled: asyncio.CancelledError | None = None
        result: Result | None
        try:
            async with timeout(self._rules.timing.deadline):
                result = await self._deliver(claim, attempt_input, progress)
        except _MarkRefused:
            return False
        except asyncio.CancelledError as error:
            cancelled, result = error, _cut_off(claim, progress, messages.STOPPED_WHILE_SENDING)
        except TimeoutError:
            timed_out, result = True, _cut_off(claim, progress, messages.TOO_SLOW)
        except Exception as error:
            result = _result_of(claim, progress, error)
        if not progress.recorded:
            await self._record(claim, progress, result, timed_out=timed_out)
            # A kill here loses nothing: the outcome is committed.
            kill_point("outcome.committed")
        if cancelled is not None:
            raise cancelled
        return isinstance(result, Receipt)

    async def _record(
        self, claim: Claim, progress: _Progress, result: Result, *, timed_out: bool = False
    ) -> DeliveryState | None:
        """Records the outcome without the secrets of the attempt. No other code records outcomes."""
        host_end = _host_end(result)
        died, alone = host_end is not None, host_end is not None and host_end.alone
        if progress.secrets is not None:
            result = progress.secrets.redactor().result(result)
        return await self._writer.ended(Ended(claim, result, timed_out, died, alone))

    def open_ahead(self, upcoming: Sequence[Upcoming]) -> None:
        """Opens connections to integrations that are about to be claimed, so that signing in and claiming overlap."""
        for integration in upcoming:
            self._channels.open_ahead(integration.key, partial(integration.connector.connect, integration.settings))

    async def close(self) -> None:
        """Closes all connections."""
        await self._channels.close()

    async def _deliver(self, claim: Claim, attempt_input: AttemptInput | Exception, progress: _Progress) -> Result:
        if isinstance(attempt_input, Exception):
            raise attempt_input
        connector, settings, delivery_request = (
            attempt_input.connector,
            attempt_input.settings,
            attempt_input.delivery_request,
        )
        if not claim.checking:
            refuse_unfit(connector.manifest, delivery_request)
        key = (claim.integration_id, claim.settings_version)
        async with self._channels.pooled(key, partial(connector.connect, settings)) as pooled:
            channel = await pooled.channel()
            try:
                if claim.checking:
                    return await self._check(channel, claim, delivery_request, connector.manifest.kind)
                return await self._send(channel, claim, delivery_request, progress)
            except (Rejected, NotSent) as raised:
                await self._nothing_arrived(channel, claim, progress, raised)
                # Raised, the connection is not used again.
                if _host_end(raised) or (isinstance(raised, NotSent) and raised.fault is not Fault.DOCUMENT):
                    raise
                return raised

    async def _nothing_arrived(
        self, channel: Channel, claim: Claim, progress: _Progress, raised: Rejected | NotSent
    ) -> None:
        """Discards the prepared file of an attempt that did not deliver.

        A roll-forward takes a missing hidden file as proof that the document arrived. So after the mark the file is
        discarded only when the ledger has recorded that this attempt did not deliver, and never if another attempt has
        taken the delivery over.
        """
        if not progress.begun:
            await _discard(channel, progress)
            return
        state = await self._record(claim, progress, raised)
        progress.recorded = True
        # A kill here leaves the hidden file at the receiver, which is harmless.
        kill_point("outcome.committed")
        if state not in (None, DeliveryState.UNKNOWN):
            await _discard(channel, progress)

    async def _send(
        self, channel: Channel, claim: Claim, delivery_request: DeliveryRequest, progress: _Progress
    ) -> Receipt:
        resume_token = progress.resume_token = await channel.prepare(delivery_request)
        # A kill here is settled as not sent: the file is hidden at the receiver, and the ledger says CLAIMED.
        kill_point("prepare.uploaded")
        if not await self._writer.mark(claim, resume_token):
            await _discard(channel, progress)
            raise _MarkRefused
        # A kill from here on is settled as uncertain, because the ledger says COMMITTING.
        kill_point("mark.committed")
        progress.begun = True
        return await channel.commit(delivery_request, resume_token)

    async def _check(
        self, channel: Channel, claim: Claim, delivery_request: DeliveryRequest, kind: ReceiverKind
    ) -> Result:
        earlier = await self._in_thread(lambda: self._earlier(claim))
        # A kill at either point of the look-up leaves the delivery CHECKING; the take-over plans another look-up.
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
        """Runs `do` in a thread and waits for it even if this attempt is cancelled.

        A thread cannot be cancelled, and the database must not be used after the service has closed it.
        """
        future = asyncio.get_running_loop().run_in_executor(self._threads, do)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


async def _discard(channel: Channel, progress: _Progress) -> None:
    """Discards the prepared file. An error of the connector is only logged: the outcome of the attempt is certain."""
    if progress.resume_token is None:
        return
    try:
        await channel.discard(progress.resume_token)
    except Exception:
        _log.warning("a hidden file could not be taken away", exc_info=True)


def _result_of(claim: Claim, progress: _Progress, error: Exception) -> Result:
    """Returns the result for an exception of the connector.

    Before the mark nothing can have had an effect, so `Uncertain` counts as `NotSent`. After it, any exception that is
    not `NotSent` or `Rejected` leaves the outcome uncertain.
    """
    if isinstance(error, NotSent | Rejected):
        return error
    if isinstance(error, Uncertain) and (progress.begun or claim.checking):
        return error
    if not isinstance(error, Uncertain):
        _log.error("the connector %s failed", claim.extension_id, exc_info=error)
    return _cut_off(claim, progress, error.message if isinstance(error, Uncertain) else messages.WENT_WRONG)


def _host_end(result: Result) -> HostEnded | None:
    """Returns the end of the connector host during the attempt, if that is what cut it off."""
    cause = result.__cause__ if isinstance(result, NotSent | Uncertain) else None
    return cause if isinstance(cause, HostEnded) else None


def _cut_off(claim: Claim, progress: _Progress, reason: Message) -> Result:
    if progress.begun or claim.checking:
        return Uncertain(reason)
    return NotSent(reason)
