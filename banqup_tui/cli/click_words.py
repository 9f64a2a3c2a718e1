"""The texts of click itself, marked for the catalogue: click asks gettext for them in these words (8.1 to 8.5)."""

from __future__ import annotations

from typing import Final

from banqup_tui.presentation.words import N_, ngettext

WORDS: Final = (
    N_("Usage:"), N_("Options"), N_("Commands"), N_("Positional arguments"), N_("[OPTIONS]"),
    N_("COMMAND [ARGS]..."), N_("Show this message and exit."), N_("Show the version and exit."),
    N_("Error: {message}"), N_("Try '{command} {option}' for help."), N_("No such command {name!r}."),
    N_("No such option {name!r}."), N_("Option {name!r} does not take a value."), N_("Missing command."),
    N_("Missing argument"), N_("Missing option"), N_("Missing parameter"), N_("Missing {param_type}"),
    N_("Missing parameter: {param_name}"), N_("Choose from:\n\t{choices}"),
    N_("Invalid value for {param_hint}: {message}"), N_("Invalid value: {message}"),
    N_("Argument {name!r} takes {nargs} values."), N_("Value must be an iterable."),
    N_("{value!r} is not a valid {number_type}."), N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid boolean. Recognized values: {states}"), N_("{value!r} is not a valid UUID."),
    N_("{name} {filename!r} does not exist."), N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."), N_("{name} {filename!r} is not executable."),
    N_("{name} {filename!r} is not readable."), N_("{name} {filename!r} is not writable."),
    N_("Could not open file {filename!r}: {message}"), N_("Repeat for confirmation"),
    N_("Error: The two entered values do not match."), N_("Error: invalid input"), N_("Aborted!"),
    N_("default: {default}"), N_("env var: {var}"), N_("required"), N_("deprecated"), N_("(dynamic)"),
    N_("directory"), N_("file"), N_("path"), N_("unknown error"),
)  # fmt: skip
"""Texts that a user may read; click's texts for programmers are left out."""


def plurals(number: int) -> tuple[str, ...]:
    """Returns the texts that depend on a number."""
    return (
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", number),
        ngettext("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given.", number),
        ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", number),
        ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", number),
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", number),
        ngettext(
            "{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}.", number
        ),
        ngettext(
            "{len_type} values are required, but {len_value} was given.",
            "{len_type} values are required, but {len_value} were given.",
            number,
        ),
    )
