"""The messages of the ledger about deliveries and integrations. presentation/messages/deliveries.py has their text."""

from banqup_tui.domain.messages import Message

MAY_HAVE_ARRIVED = Message("delivery.may-have-arrived")
MOVED_SINCE = Message("delivery.moved-since")
ENDED_TOO_OFTEN = Message("delivery.killed-the-service")
"""Also where it was the connector host: to the user both are the program."""
ENDED_WHILE_SENDING = Message("delivery.service-ended")
STOPPED_WHILE_SENDING = Message("delivery.service-stopped")
PAUSED_BEFORE = Message("delivery.integration-stopped")
SETTINGS_CHANGED = Message("delivery.settings-changed")
CANCELLED_BY_USER = Message("delivery.cancelled")
INTEGRATION_REMOVED = Message("delivery.integration-removed")
THERE_BY_HAND = Message("delivery.there-by-hand")
NOT_THERE_BY_HAND = Message("delivery.not-there-by-hand")
NOT_THERE = Message("delivery.not-there")
NOT_THERE_YET = Message("delivery.cannot-be-said-yet")
REFUSED_THERE = Message("delivery.refused-there")
STILL_THERE = Message("delivery.still-there")
CANNOT_BE_ASKED = Message("delivery.receiver-cannot-say")
DOCUMENT_GONE = Message("delivery.document-gone")
TOO_SLOW = Message("delivery.too-slow")
WENT_WRONG = Message("delivery.connector-failed")
NO_CONNECTOR = Message("integration.no-connector")
RESTORED = Message("integration.restored")
NO_SETTINGS = Message("integration.no-settings")
