"""The fields, boxes and explanations of a form, made from the JSON Schema of settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from banqup_tui.actions.prompts import Form, NameQuestion
from banqup_tui.domain import setting_rules
from banqup_tui.domain.days import read_day
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.path_template import PLACEHOLDERS
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count, cut, cut_middle
from banqup_tui.presentation.messages import sentence_beside
from banqup_tui.presentation.words import _, ngettext, own_text
from banqup_tui.protocol.messages import BackfillCount
from banqup_tui.widgets.form.fields import UNSEEN, Kind
from banqup_tui.widgets.form.view import FormField, Ticks, Wrong
from banqup_tui.widgets.layouts.integrations import title_of
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, left, paragraph

FOLDERS, OLDER = "folders", "older"
LABEL, SINCE = "\0label", "\0since"
"""Names of fields that are no settings. No setting can have such a name."""

_KINDS: Mapping[str, Kind] = {"secret": "secret", "choice": "choice", "tick": "tick", "sign-in": "sign-in"}
_EXAMPLE_DAY = "01/10/2026"
_COLUMN, _SHORT = 16, 13
_MOST_USED = ("external_id", "folder", "year", "month", "number")


def fields_of(form: Form) -> Iterator[FormField]:
    if form.naming is not None:
        yield _name_field(form.naming)
    at_client = form.level == "client"
    required = set(form.schema.get("required", ()))
    for name, schema in form.schema.get("properties", {}).items():
        of_client = setting_rules.plain(schema).get("x-level", "firm") == "client"
        kind = _KINDS.get(setting_rules.kind_of(schema), "text")
        stored_here = name in form.secrets
        inherited = form.inherited.get(name, schema.get("default")) if at_client else schema.get("default")
        if kind == "tick" and inherited is None:
            inherited = False
        yield FormField(
            name=name,
            label=title_of(name, schema),
            kind=kind,
            own=_text(form.values.get(name)) or ("" if kind in UNSEEN and stored_here else None),
            inherited=_text(inherited),
            stored=stored_here or name in form.inherited_secrets,
            choices=tuple(str(choice) for choice in setting_rules.plain(schema).get("enum", ())),
            required=form.is_complete and name in required and (at_client or not of_client),
            check=_check_of(schema),
            has_levels=at_client,
            example=setting_rules.example_of(schema),
            empty_word=_("each client's own") if of_client and not at_client else "",
        )


def not_asked(form: Form, texts: Mapping[str, str]) -> Iterator[str]:
    """Returns the settings that do not matter while the others are as they are.

    An empty field counts as inherited, or as the default.
    """
    properties: Mapping[str, Any] = form.schema.get("properties", {})
    typed = {
        name: setting_rules.value_of(schema, texts[name]) for name, schema in properties.items() if texts.get(name)
    }
    settings = setting_rules.with_defaults(properties, {**form.inherited, **typed})
    return (name for name, schema in properties.items() if not setting_rules.is_asked(schema, settings))


def _name_field(naming: NameQuestion) -> FormField:
    taken = {name.casefold() for name in naming.taken}

    def check(text: str) -> Wrong | None:
        if text.strip().casefold() in taken:
            return Wrong(0, len(text), _("this client has one of this name already"))
        return None

    return FormField(
        LABEL, _("Name"), own=naming.suggestion or None, required=True, check=check, has_levels=False,
        example=_("SFTP, archive"),
    )  # fmt: skip


def ticks_of(form: Form) -> Iterator[Ticks]:
    if form.folders is not None:
        boxes = [
            (str(folder), _(FOLDER_NAMES[folder]), folder in form.folders) for folder in Folder if folder in form.takes
        ]
        yield Ticks(FOLDERS, _("Folders"), boxes, required=True)
    if form.older is not None and form.older.count:
        yield older_ticks(form.older, has_day=False)


def older_ticks(older: BackfillCount | None, *, has_day: bool) -> Ticks:
    """Returns the box for older documents. `has_day`: only those since a day. Without a count it says so."""
    number = older.count if older is not None else 0
    if older is None:
        words = _("Also send older documents: not counted now")
    elif has_day:
        words = ngettext(
            "Also send the {count} document since that day", "Also send the {count} documents since that day", number
        )
    else:
        words = ngettext(
            "Also send the {count} document from before today",
            "Also send the {count} documents from before today",
            number,
        )
    return Ticks(OLDER, _("Older"), [(OLDER, words.format(count=count(number)), False)])


def since_field() -> FormField:
    return FormField(SINCE, _("Since"), check=_check_day, has_levels=False, example=_EXAMPLE_DAY, empty_word=_("all"))


def _check_day(text: str) -> Wrong | None:
    return None if read_day(text) else Wrong(0, len(text), _("a day is needed"))


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_of(schema: Mapping[str, object]) -> Callable[[str], Wrong | None]:
    def check(text: str) -> Wrong | None:
        flaw = setting_rules.flaw_of(schema, text)
        return None if flaw is None else _wrong(flaw)

    return check


def _wrong(flaw: setting_rules.Flaw) -> Wrong:
    return Wrong(flaw.start, flaw.end, sentence_beside(flaw.message), names_right="near" in flaw.message.params)


def variables_line(examples: Mapping[str, str]) -> str:
    """Returns the placeholders of a path with examples on one line, the most used first."""
    names = (*_MOST_USED, *(name for name in PLACEHOLDERS if name not in _MOST_USED))
    return "  ".join(f"[{name}] {cut_middle(examples.get(name, ''), _SHORT)}".rstrip() for name in names)


def help_line(schema: Schema, width: int) -> str:
    """Returns the explanation of a setting, cut to one line."""
    words = schema.get("x-help")
    return cut(own_text(words), width) if words else ""


def help_lines(name: str, form: Form, examples: Mapping[str, str], preview: str | None, width: int) -> Iterator[Line]:
    """Yields the explanation of a setting, the placeholders of a path, and where the newest document would go."""
    schema = form.schema.get("properties", {}).get(name)
    if schema is None:
        if form.description:
            yield from paragraph(0, width, own_text(form.description))
        return
    yield (left(0, title_of(name, schema), "strong", bold=True),)
    words = schema.get("x-help")
    if words:
        yield from paragraph(0, width, own_text(words))
    example = setting_rules.example_of(schema)
    if example and not schema.get("x-template") and setting_rules.kind_of(schema) != "choice":
        yield from paragraph(0, width, _("For example {example}").format(example=example), "muted")
    if setting_rules.plain(schema).get("x-level") == "client" and form.level == "firm":
        yield from paragraph(0, width, _("May stay empty here: it is filled in for each client."), "muted")
    if schema.get("x-template"):
        yield BLANK
        for placeholder in PLACEHOLDERS:
            yield left(0, f"[{placeholder}]", "accent"), fitted(_COLUMN, width, examples.get(placeholder, ""))
    if preview:
        yield BLANK
        yield (left(0, _("The newest document would go to"), "muted"),)
        yield from paragraph(0, width, preview)


def chosen_folders(form: Form, ticked: Sequence[str] | frozenset[str]) -> tuple[Folder, ...] | None:
    if form.folders is None:
        return None
    return tuple(folder for folder in Folder if str(folder) in ticked)
