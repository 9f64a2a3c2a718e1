"""Messages of the ledger about deliveries and integrations."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_REPAIR = N_("Install the extension, then resume the integration.")
_HOST_ENDED = Texts(
    N_("The process that sends documents ended before the answer came."), N_("It is tried again by itself.")
)
_HOST_NOT_STARTED = Texts(
    N_("The process that sends documents could not be started."), N_("It is tried again by itself.")
)

TEXTS = {
    "delivery.may-have-arrived": Texts(N_("It may have arrived: the sending was cut off.")),
    "delivery.moved-since": Texts(
        N_("It may have arrived at the destination that was set before, or so long ago that the receiver forgot it.")
    ),
    "delivery.killed-the-service": Texts(
        N_("A process of this program ended three times while it was being sent."),
        N_("Send it again when the cause is mended."),
    ),
    "delivery.service-ended": Texts(N_("The service ended while it was being sent.")),
    "delivery.service-stopped": Texts(N_("The service was stopped while it was being sent.")),
    "delivery.integration-stopped": Texts(N_("The integration stopped before it was sent.")),
    "delivery.settings-changed": Texts(N_("The settings changed before it was sent.")),
    "delivery.cancelled": Texts(N_("Cancelled.")),
    "delivery.integration-removed": Texts(N_("The integration was removed.")),
    "delivery.there-by-hand": Texts(N_("Somebody looked: it is there.")),
    "delivery.not-there-by-hand": Texts(N_("Somebody looked: it is not there."), N_("Send it again.")),
    "delivery.not-there": Texts(N_("It was looked up: it is not there.")),
    "delivery.cannot-be-said-yet": Texts(N_("It was looked up: it cannot be said yet.")),
    "delivery.refused-there": Texts(N_("It was looked up: the receiver refused it.")),
    "delivery.still-there": Texts(N_("It was looked up: it is still there.")),
    "delivery.receiver-cannot-say": Texts(N_("The receiver could not say whether it is still there.")),
    "delivery.document-gone": Texts(N_("The document is no longer here."), N_("Import it again from where it came.")),
    "delivery.document-held": Texts(N_("Cancelled: the document is held as a duplicate.")),
    "delivery.document-moved": Texts(N_("Cancelled: the document was moved.")),
    "delivery.document-replaced": Texts(N_("Cancelled: a newer version has replaced the document.")),
    "delivery.document-withdrawn": Texts(N_("Cancelled: the document was withdrawn.")),
    "delivery.too-slow": Texts(N_("The receiver gave no answer in time.")),
    "delivery.connector-failed": Texts(N_("The connector failed.")),
    "delivery.nothing-to-finish": Texts(N_("Nothing was left that could be finished.")),
    "delivery.stored-file-damaged": Texts(
        N_("The file kept here is damaged: its bytes are not those that came in."),
        N_("Import the document again from where it came."),
    ),
    "delivery.stored-file-gone": Texts(
        N_("The file {name} is no longer kept here."), N_("Import the document again from where it came.")
    ),
    "delivery.stored-file-unreadable": Texts(
        N_("The file kept here cannot be read now."), N_("It is tried again by itself.")
    ),
    "delivery.pdf-left-out": Texts(N_("Delivered without its PDF, which is too large to be sent along ({size:size}).")),
    "delivery.too-large": Texts(
        N_("The receiver takes at most {limit:size}; this document has {size:size}."),
        N_("Send a smaller copy of it, or give it to the software by hand."),
    ),
    "delivery.media-type-not-taken": Texts(
        N_("The receiver does not take documents of the kind {media_type}."),
        N_("Give it to the software by hand, or dismiss this delivery."),
    ),
    "delivery.host-ended": _HOST_ENDED,
    "delivery.host-not-started": _HOST_NOT_STARTED,
    # In rows that 0.4 and earlier have written.
    "delivery.carrier-ended": _HOST_ENDED,
    "delivery.carrier-not-started": _HOST_NOT_STARTED,
    "integration.no-connector": Texts(N_("The extension is not installed here, or does not load."), _REPAIR),
    "integration.restored": Texts(
        N_("A backup was put back: what happened since it was made is not known."),
        N_("Look at what is unknown, then resume the integration."),
    ),
    "integration.no-settings": Texts(
        N_("The settings cannot be read."), N_("Give the settings of the integration again, then resume it.")
    ),
    "integration.setting-does-not-fit": Texts(
        N_("A setting does not fit."), N_("Give the settings of the integration again, then resume it.")
    ),
}
