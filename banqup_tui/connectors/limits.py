"""What an extension says it takes, held against a document before anything is sent."""

from banqup_tui.connectors.interface import Manifest, Parcel, Rejected

_KILO = 1000


def refuse_unfit(manifest: Manifest, parcel: Parcel) -> None:
    """Raises `Rejected` for a document that is too large, or of a kind that the receiver does not read."""
    title = manifest.title["en"]
    if manifest.max_size is not None and parcel.size > manifest.max_size:
        raise Rejected(
            f"{title} takes at most {megabytes(manifest.max_size)}; this document has {megabytes(parcel.size)}.",
            "Send a smaller copy of it, or give it to the software by hand.",
            french=(
                f"{title} accepte au plus {megabytes(manifest.max_size)} ; ce document en a {megabytes(parcel.size)}.",
                "Envoyez une copie plus petite, ou remettez-le au logiciel à la main.",
            ),
        )
    if manifest.media_types and parcel.media_type not in manifest.media_types:
        raise Rejected(
            f"{title} does not take documents of the kind {parcel.media_type}.",
            "Give it to the software by hand, or dismiss this delivery.",
            french=(
                f"{title} n'accepte pas les documents du type {parcel.media_type}.",
                "Remettez-le au logiciel à la main, ou écartez cet envoi.",
            ),
        )


def megabytes(size: int) -> str:
    """Decimal megabytes with one place, as the makers of receivers state their limits."""
    return f"{size / _KILO / _KILO:.1f} MB"
