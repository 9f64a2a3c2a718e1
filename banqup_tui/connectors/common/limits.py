"""Checks a document against the limits in the manifest of a connector."""

from banqup_tui.connectors.interface import DeliveryRequest, Manifest, Rejected
from banqup_tui.domain.messages import message

_KILO = 1000


def refuse_unfit(manifest: Manifest, delivery_request: DeliveryRequest) -> None:
    """Raises `Rejected` for a document that is too large or of a media type that the receiver does not read."""
    if manifest.max_size is not None and delivery_request.size > manifest.max_size:
        raise Rejected(message("delivery.too-large", limit=manifest.max_size, size=delivery_request.size))
    if manifest.media_types and delivery_request.media_type not in manifest.media_types:
        raise Rejected(message("delivery.media-type-not-taken", media_type=delivery_request.media_type))


def megabytes(size: int) -> str:
    """Returns decimal megabytes with one decimal, as receivers state their limits."""
    return f"{size / _KILO / _KILO:.1f} MB"
