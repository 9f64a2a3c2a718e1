"""Messages of the connector of Amazon S3."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "s3.access-key-unknown": Texts(
        N_("{server} does not know the access key."), N_("Correct the access key and the secret key.")
    ),
    "s3.another-region": Texts(
        N_("The bucket {bucket} is not in the region {region}."),
        N_("Look up the bucket's region at the provider's, and set it."),
    ),
    "s3.another-region-known": Texts(
        N_("The bucket {bucket} is not in the region {region}."), N_("Set the region to {right}.")
    ),
    "s3.asked-to-wait": Texts(N_("{server} asks to be left in peace for a while."), N_("It is tried again by itself.")),
    "s3.bucket-found": Texts(N_("Bucket {bucket} found in {took:seconds} s, keys accepted.")),
    "s3.clock-differs": Texts(
        N_("The clock of this machine differs too much from that of {server}."),
        N_("Set the clock of the machine on which the service runs."),
    ),
    "s3.name-busy": Texts(
        N_("The name {name} is being written or deleted by another at this moment."), N_("It is tried again by itself.")
    ),
    "s3.name-too-long": Texts(
        N_("The name of the object is too long for {server}."), N_("Choose a shorter path or file name.")
    ),
    "s3.names-taken": Texts(
        N_("Other objects have the name {name} and the names that would come after it."),
        N_("Choose another path or file name for this integration, or take the other objects away."),
    ),
    "s3.no-bucket": Texts(N_("{server} has no bucket {bucket}."), N_("Correct its name, or make it there.")),
    "s3.no-room": Texts(
        N_("There is no more room in the bucket {bucket}."),
        N_("Make room there, or ask the provider for more. The document is then sent by itself."),
    ),
    "s3.not-allowed": Texts(
        N_("The access key may not do this in the bucket {bucket}."),
        N_("Give it the rights s3:ListBucket, s3:GetObject and s3:PutObject there."),
    ),
    "s3.not-s3": Texts(
        N_("{server} does not answer as S3 does."),
        N_("Correct the address: it is that of the provider's S3, not that of its web pages."),
    ),
    "s3.not-there-yet": Texts(N_("The document is not under the name {name}."), N_("It is looked at again by itself.")),
    "s3.not-whole": Texts(N_("{server} did not get the document whole."), N_("It is tried again by itself.")),
    "s3.object-stays": Texts(N_("It may not be deleted, and stays: {name}.")),
    "s3.object-written": Texts(N_("An object could be written.")),
    "s3.refused": Texts(
        N_("{server} refused the document, with the status {status}."),
        N_("Correct what it names, here or at the server, and send the document again."),
    ),
    "s3.secret-key-refused": Texts(
        N_("{server} does not accept the secret key."),
        N_("Correct the secret key; with some providers a wrong region shows itself so too."),
    ),
    "s3.server-failed": Texts(N_("{server} fails, with the status {status}."), N_("It is tried again by itself.")),
    "s3.too-large": Texts(
        N_("{server} does not take a document of this size."),
        N_("Ask whoever runs the server to allow larger ones, or hand it over another way."),
    ),
    "s3.would-overwrite": Texts(
        N_("The server would write over a name that is taken, so each name is looked at first.")
    ),
}
