"""Messages about faults of settings.

A sentence is shown after the title of the setting and a colon, or beside its field, so it begins with a small letter.
A sentence that names the setting itself has the placeholder `{setting}` for the title.
"""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_EXAMPLE = N_("For example {example}.")
_CORRECT = N_("Correct what is written there.")
_FILL_IN = N_("Fill in {setting}.")
_WRITE_NEAR = N_("Write {near}.")
_NO_SERVER = N_("no server is called like this.")

TEXTS = {
    "setting.missing": Texts(N_("{setting} is missing."), _FILL_IN),
    "setting.unknown": Texts(N_("There is no setting {setting}."), N_("The settings are {known}.")),
    "setting.unknown-near": Texts(N_("There is no setting {setting}; did you mean {near}?"), _WRITE_NEAR),
    "setting.secret-of-another-value": Texts(
        N_("{setting} was given for another value of {other}."), N_("Give {setting} again.")
    ),
    "setting.check-failed": Texts(
        N_("The extension failed while it checked its settings."), N_("Its log says why: update or repair it.")
    ),
    "setting.space": Texts(N_("there is a space in it."), _CORRECT),
    "setting.one-address": Texts(N_("one address, not several."), _EXAMPLE),
    "setting.no-at": Texts(N_("there is no @ in it."), _EXAMPLE),
    "setting.nothing-before-at": Texts(N_("nothing stands before the @."), _EXAMPLE),
    "setting.no-such-beginning": Texts(N_("no address begins like this."), _EXAMPLE),
    "setting.nothing-after-at": Texts(N_("nothing stands after the @."), _EXAMPLE),
    "setting.dot-after-at": Texts(N_("a name with a dot is needed after the @."), _EXAMPLE),
    "setting.scheme-in-host": Texts(N_("no {begin} in it."), _EXAMPLE),
    "setting.path-in-host": Texts(N_("no path in it."), _EXAMPLE),
    "setting.user-in-host": Texts(N_("no user in it."), _EXAMPLE),
    "setting.port-in-host": Texts(N_("no port here: it has its own field."), _EXAMPLE),
    "setting.no-such-server": Texts(_NO_SERVER, _EXAMPLE),
    "setting.scheme-missing": Texts(N_("https:// is missing at its beginning."), _EXAMPLE),
    "setting.user-in-address": Texts(N_("no user or password in it: they would be shown."), _EXAMPLE),
    "setting.https-needed": Texts(N_("https is needed: what is sent could be read on its way."), _EXAMPLE),
    "setting.number-from-to": Texts(N_("a number from {least} to {most} is needed."), _CORRECT),
    "setting.number-at-least": Texts(N_("a number of at least {least} is needed."), _CORRECT),
    "setting.number-at-most": Texts(N_("a number of at most {most} is needed."), _CORRECT),
    "setting.whole-number": Texts(N_("a whole number is needed."), _CORRECT),
    "setting.number": Texts(N_("a number is needed."), _CORRECT),
    "setting.yes-or-no": Texts(N_("yes or no is needed."), _CORRECT),
    "setting.text": Texts(N_("a text is needed."), _CORRECT),
    "setting.another-kind": Texts(N_("it is not of the kind that is needed."), _CORRECT),
    "setting.choice": Texts(N_("one of these is needed: {choices}."), N_("Write one of them.")),
    "setting.too-long": Texts(N_("at most {most} letters have room."), N_("Shorten it.")),
    "setting.unseen": Texts(N_("a sign that cannot be seen."), N_("Take it out, or write it anew.")),
    "setting.empty": Texts(N_("it is empty."), _CORRECT),
    "setting.climbs": Texts(N_(".. is not allowed in a path."), N_("Take it out.")),
    "setting.bracket-not-opened": Texts(N_("] without its [."), _CORRECT),
    "setting.bracket-not-closed": Texts(N_("[ without its ]."), _CORRECT),
    "setting.bracket-not-closed-near": Texts(N_("[ without its ]; did you mean {near}?"), _WRITE_NEAR),
    "setting.variable": Texts(N_("{variable} is unknown."), N_("There are {known}.")),
    "setting.variable-near": Texts(N_("{variable} is unknown; did you mean {near}?"), _WRITE_NEAR),
    "setting.slash-in-name": Texts(N_("/ belongs into the path."), N_("Move the folder to the path.")),
    # of connectors
    "setting.not-standard-webhooks": Texts(
        N_("it is not one of Standard Webhooks."),
        N_("It begins with whsec_, and 24 to 64 bytes in Base64 follow."),
    ),
    "setting.not-an-address": Texts(N_("it is not an address."), N_("Write it as {example}.")),
    "setting.name-in-address": Texts(
        N_("a name or a password does not belong into an address, where all can see it."),
        N_("Take out what stands before @."),
    ),
    "setting.fragment-in-address": Texts(N_("what follows # is never sent."), N_("Take it out.")),
    "setting.http-is-read": Texts(
        N_("with http anybody on the way can read the documents."),
        N_("Write https. Plain http goes only to this machine."),
    ),
    "setting.question-in-address": Texts(
        N_("a WebDAV address ends before the question mark."), N_("Take out what stands from ? on.")
    ),
    "setting.path-not-whole": Texts(
        N_("it does not say where it begins."), N_("Write the whole path, such as /srv/in/[external_id]/[folder].")
    ),
    "setting.not-a-mail-server": Texts(N_("it is not the name of a server."), N_("Write it as smtp.example.be.")),
    "setting.not-a-mail-address": Texts(
        N_("this is not an address that mail can be sent to."), N_("Write one address, as {example}, without accents.")
    ),
    "setting.no-recipient": Texts(
        N_("there is no address to send to."), N_("Fill in the addresses that the software shows for this client.")
    ),
    "setting.mailbox-missing": Texts(N_("{setting} is missing."), N_("Fill in the mailbox that is signed in.")),
    "setting.not-signed-in": Texts(N_("not signed in yet."), N_("Sign in.")),
    "setting.fingerprint": Texts(
        N_("it is not a fingerprint."), N_("Write it as SHA256: and 43 signs, as ssh-keygen -l shows it.")
    ),
    "setting.password-or-key-missing": Texts(N_("{setting} is missing."), N_("Fill in Password, or Private key.")),
    "setting.region-missing": Texts(N_("{setting} is missing."), N_("Amazon needs it: write it such as eu-west-3.")),
    "setting.not-a-region": Texts(N_("it is not a region."), N_("Write it such as eu-west-3.")),
    "setting.not-a-bucket": Texts(
        N_("no bucket can have that name."), N_("Write its name alone: 3 to 63 letters, digits, dots and dashes.")
    ),
    "setting.not-a-key": Texts(N_("it holds signs that no key has."), N_("Copy it again, without blanks.")),
    "setting.not-an-account": Texts(
        N_("it is not written as Beancount writes accounts."), N_("Write it as {example}.")
    ),
}
