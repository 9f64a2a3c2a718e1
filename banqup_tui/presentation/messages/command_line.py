"""Messages of the command line: why a command cannot be carried out."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_CLIENTS = N_("banqup clients lists them.")
_STORE = N_("banqup store list shows them.")
_FAILED = N_("banqup deliveries --failed --group lists them.")
_FILE = N_("Name another file.")
_OPEN = N_("Open it with banqup.")
_SETTINGS = N_("Its settings are {known}.")

TEXTS = {
    "cli.no-client": Texts(N_("There is no client {name}."), _CLIENTS),
    "cli.no-client-near": Texts(
        N_("There is no client {name}."), N_("Did you mean {near}? banqup clients lists them.")
    ),
    "cli.no-clients-yet": Texts(
        N_("There is no client {name}."), N_("There are no clients yet: import with --create-clients.")
    ),
    "cli.no-document": Texts(N_("There is no document {id}."), N_("banqup documents lists them with their ids.")),
    "cli.no-extension": Texts(N_("There is no extension {name}."), _STORE),
    "cli.no-extension-near": Texts(
        N_("There is no extension {name}."), N_("Did you mean {near}? banqup store list shows them.")
    ),
    "cli.not-installed": Texts(N_("{id} is not installed."), N_("banqup store install {id} does it.")),
    "cli.not-allowed": Texts(
        N_("{id} is of the package {package}, which is not allowed yet."),
        N_("banqup store allow {id}, if you trust the package."),
    ),
    "cli.no-integration": Texts(N_("There is no integration {id}."), N_("banqup integrations list shows them.")),
    "cli.no-change": Texts(N_("There is no refused change {id}."), N_("banqup changes list shows them.")),
    "cli.no-failure-for": Texts(N_("Nothing failed for {text}."), _FAILED),
    "cli.no-failure-at": Texts(N_("Nothing failed at {name}."), _FAILED),
    "cli.no-rule": Texts(N_("There is no rule {id}."), N_("banqup rules list shows them.")),
    "cli.no-folder": Texts(N_("There is no folder {path}."), N_("Make it first, or look at the path.")),
    "cli.no-source": Texts(N_("There is no source {id}."), N_("banqup sources list shows them.")),
    "cli.no-drop": Texts(N_("There is no SFTP drop yet."), N_("banqup sources add sftp opens one.")),
    "cli.no-account": Texts(N_("There is no account {name}."), N_("banqup sources accounts list shows them.")),
    "cli.password-unreadable": Texts(N_("The password cannot be read from {path}.")),
    "cli.no-key-file": Texts(N_("There is no file {path}."), N_("Give the file that ends in .pub.")),
    "cli.nothing-waits": Texts(N_("Nothing that waits has the id {id}."), N_("banqup to-place list shows them.")),
    "cli.only-in-terminal": Texts(N_("{title}: this is chosen in the terminal."), _OPEN),
    "cli.place-of-terminal": Texts(N_("That is a place of the terminal."), _OPEN),
    "cli.view-of-terminal": Texts(N_("That is a view of the terminal."), N_("Use banqup documents --json.")),
    "cli.not-counted": Texts(N_("Older documents cannot be counted now."), N_("Try again when the backend is back.")),
    "cli.no-terminal": Texts(
        N_("The screen can only be shown in a terminal, and input or output is none."),
        N_("Start banqup in a terminal, or use one of its commands: banqup --help lists them."),
    ),
    "cli.no-screen": Texts(
        N_("This terminal cannot show a screen: TERM is {term}."),
        N_("Set TERM to what it is, such as xterm-256color, or use a command: banqup --help lists them."),
    ),
    "cli.no-term": Texts(
        N_("This terminal cannot show a screen: TERM is not set."),
        N_("Set TERM to what it is, such as xterm-256color, or use a command: banqup --help lists them."),
    ),
    "cli.copy-damaged": Texts(
        N_("The copy on this computer was damaged and is made again. Nothing that you did is lost."),
        N_("Do it again: what was shown is not complete."),
    ),
    "cli.no-sign-in": Texts(N_("{id} has no sign-in in a browser."), N_("Leave --sign-in out.")),
    "cli.no-sign-in-with-these": Texts(
        N_("{id} has no sign-in in a browser with these settings."), N_("Give {options} with it.")
    ),
    "cli.nobody-signed-in": Texts(N_("Nobody has signed in."), N_("Give the same command again.")),
    "cli.standard-input-short": Texts(
        N_("{names}: too little comes from standard input ({found} of {wanted})."),
        N_("Give each on a line of its own, or use --set-file."),
    ),
    "cli.setting-file-unreadable": Texts(N_("--set-file {key}: {path} cannot be read."), _FILE),
    "cli.setting-file-no-text": Texts(N_("--set-file {key}: {path} is no text."), _FILE),
    "cli.no-day": Texts(N_("--since {text}: that is no day."), N_("Write it as 2026-10-01 or 01/10/2026.")),
    "cli.no-value": Texts(N_("--set {key}: a setting is given as KEY=VALUE."), N_("Put a = between name and value.")),
    "cli.no-setting": Texts(N_("There is no setting {key}."), _SETTINGS),
    "cli.no-setting-near": Texts(N_("There is no setting {key}."), N_("Did you mean {near}?")),
    "cli.no-settings": Texts(N_("There is no setting {key}."), N_("It has no settings.")),
    "cli.is-a-sign-in": Texts(N_("{key} is a sign-in, not a text."), N_("Use --sign-in: it says where to sign in.")),
    "cli.not-of-type": Texts(N_("{key} cannot be {text}."), N_("It takes a value of type {type}.")),
    "cli.not-a-choice": Texts(N_("{key} cannot be {text}."), N_("Choose one of {choices}.")),
}
