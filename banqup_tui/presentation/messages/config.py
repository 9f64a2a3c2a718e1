"""Messages about mistakes in the user's settings file, `config.toml`."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "config.unreadable": Texts(N_("{path} cannot be read."), N_("Mend that line.")),
    "config.no-right": Texts(
        N_("{path} cannot be read."),
        N_("Give yourself the right to read it, or set BANQUP_HOME to a directory of your own."),
    ),
    "config.unknown-key": Texts(N_("{path}: unknown key {key}."), N_("Known keys are {known}.")),
    "config.unknown-key-near": Texts(N_("{path}: unknown key {key}."), N_("Did you mean {near}?")),
    "config.not-text": Texts(N_("{path}: {key} must be a text in quotes."), N_('For example {key} = "{example}".')),
    "config.not-a-choice": Texts(N_("{path}: {key} cannot be {value}."), N_("Choose one of {choices}.")),
}
