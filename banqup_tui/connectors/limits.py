"""What an extension says it takes, held against a document before anything is sent."""

from banqup_tui.connectors.interface import Manifest, Parcel, Rejected
from banqup_tui.domain.messages import message

_KILO = 1000


def refuse_unfit(manifest: Manifest, parcel: Parcel) -> None:
    """Raises `Rejected` for a document that is too large, or of a kind that the receiver does not read."""
    if manifest.max_size is not None and parcel.size > manifest.max_size:
        raise Rejected(message("delivery.too-large", limit=manifest.max_size, size=parcel.size))
    if manifest.media_types and parcel.media_type not in manifest.media_types:
        raise Rejected(message("delivery.media-type-not-taken", media_type=parcel.media_type))


def megabytes(size: int) -> str:
    """Decimal megabytes with one place, as the makers of receivers state their limits."""
    return f"{size / _KILO / _KILO:.1f} MB"
