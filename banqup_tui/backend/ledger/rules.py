"""Facts that the ledger's rules need besides the rows: kinds of receivers, waiting times and the grace period."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.interface import Manifest
from banqup_tui.domain.extension import ReceiverKind

if TYPE_CHECKING:
    from banqup_tui.backend.connector_host.hosted import HostedConnector
    from banqup_tui.backend.integrations.registry import Extensions
    from banqup_tui.backend.ledger.grace_period import GracePeriod
    from banqup_tui.backend.services import Services


class LedgerRules(msgspec.Struct, frozen=True):
    """The installed extensions, the grace period and the timing, with the questions that the ledger asks of them."""

    extensions: Extensions
    grace_period: GracePeriod
    timing: Timing = Timing()

    @staticmethod
    def of(services: Services, timing: Timing | None = None) -> LedgerRules:
        return LedgerRules(services.extensions, services.grace_period, timing or Timing())

    def connector(self, extension_id: str) -> HostedConnector | None:
        """Returns the connector of an extension, or `None` if it is not installed here."""
        return self.extensions.connector(extension_id)

    def kind(self, extension_id: str) -> ReceiverKind | None:
        """Returns the kind of the receiver, or `None` while its connector is not installed.

        Without the kind, an attempt that was cut off cannot be settled and waits.
        """
        manifest = self._manifest(extension_id)
        return manifest.kind if manifest else None

    def key_is_old(self, extension_id: str, key_at: datetime | None, now: datetime) -> bool:
        """Returns whether the receiver may forget a key first used at `key_at` before an attempt begun now is over.

        A time in the future means that a clock was set back; the key then counts as old.
        """
        manifest = self._manifest(extension_id)
        if manifest is None or manifest.key_seconds is None or key_at is None:
            return False
        honoured = manifest.key_seconds - self.timing.deadline - self.grace_period.seconds
        return not timedelta(0) <= now - key_at < timedelta(seconds=honoured)

    def key_cannot_be_used(self, delivery: DeliveryRecord, integration: IntegrationRecord, now: datetime) -> bool:
        """Returns whether the document may have arrived and the same key would not stop a second copy.

        That is so after an uncertain attempt at a KEY receiver if the destination has changed since or the key is old.
        """
        if not delivery.uncertain or self.kind(integration.extension_id) is not ReceiverKind.KEY:
            return False
        moved = bool(delivery.destination != integration.destination)
        return moved or self.key_is_old(integration.extension_id, delivery.key_at, now)

    def _manifest(self, extension_id: str) -> Manifest | None:
        connector = self.connector(extension_id)
        return connector.manifest if connector else None
