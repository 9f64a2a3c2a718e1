"""Settings to fill in: a form drawn from a JSON Schema, with what each setting is beside it where there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from textual.app import ComposeResult
from textual.binding import Binding

from banqup_tui.actions.asking import Filled, Form
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import in_language
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.path_template import PLACEHOLDERS, check
from banqup_tui.screens.house import House
from banqup_tui.screens.place import press
from banqup_tui.widgets.buttons import Button
from banqup_tui.widgets.footer import Footer, FooterKey
from banqup_tui.widgets.form import Field, FormView, Report, Ticks, Wrong
from banqup_tui.widgets.integrations_layout import title_of
from banqup_tui.widgets.lines_of_text import BLANK, Line, left, paragraph
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Rule, Sheet
from banqup_tui.written.folders import FOLDER_NAMES
from banqup_tui.written.formats import count
from banqup_tui.written.told import told, told_of
from banqup_tui.written.words import _, current_language, ngettext

TEST, SAVE, CANCEL = "test", "save", "cancel"
_FOLDERS, _OLDER = "folders", "older"


class FormScreen(Sheet):
    """Dismissed with `Filled`, or None."""

    DEFAULT_CSS = """
    FormScreen #help { width: 40; }
    """
    BINDINGS = [Binding("escape", "back", show=False, id="form.back")]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._properties: Mapping[str, Any] = form.schema.get("properties", {})
        self.view = FormView()
        self.help = Page(id="help")
        self._rule = Rule()
        self._testing = False
        self.answer: Filled | None = None

    def compose_body(self) -> ComposeResult:
        yield self.view
        yield self._rule
        yield self.help

    def on_mount(self) -> None:
        house = self.house
        self.header.set_places(house.places(), "3" if self._form.level == "client" else "4")
        house.show_state(self)
        steps = _("Step {part} of {whole}").format(part=2, whole=2) if self._form.level == "client" else ""
        self.title_line.set_path(self._form.title, right=steps)
        self.view.fill(self._fields(), self._ticks(), ())
        self._say_what_is_wrong()
        self.footer.set_right(())
        self.set_focus(self.view)
        self._come_to(self.view.stop_name)

    def levels_changed(self, levels: int) -> None:
        self.help.display = self._rule.display = levels > 1

    @property
    def house(self) -> House:
        return cast("House", self.app)

    # what is drawn

    def _fields(self) -> Iterator[Field]:
        at_client = self._form.level == "client"
        required = set(self._form.schema.get("required", ()))
        for name, schema in self._properties.items():
            secret = bool(schema.get("writeOnly"))
            kept_here = name in self._form.secrets
            inherited = self._form.inherited.get(name, schema.get("default")) if at_client else schema.get("default")
            yield Field(
                name=name,
                label=title_of(name, schema),
                kind="secret" if secret else "choice" if "enum" in schema else "text",
                own=_text(self._form.given.get(name)) or ("" if secret and kept_here else None),
                inherited=_text(inherited),
                kept=kept_here or name in self._form.inherited_secrets,
                choices=tuple(str(one) for one in schema.get("enum", ())),
                required=name in required and (at_client or schema.get("x-level", "firm") == "firm"),
                check=_check_of(schema),
                has_levels=at_client,
            )

    def _ticks(self) -> Iterator[Ticks]:
        if self._form.folders is not None:
            boxes = [(str(one), _(FOLDER_NAMES[one]), one in self._form.folders) for one in ALL_FOLDERS]
            yield Ticks(_FOLDERS, _("Folders"), boxes)
        if self._form.older:
            words = ngettext(
                "Also send the {count} document from before today",
                "Also send the {count} documents from before today",
                self._form.older,
            ).format(count=count(self._form.older))
            yield Ticks(_OLDER, _("Older"), [(_OLDER, words, False)])

    def _buttons(self) -> list[Button]:
        wrong = self.view.first_wrong()
        test = [Button(TEST, _("Test connection"))] if self._form.test is not None else []
        return [*test, Button(SAVE, self._form.button, reason=wrong), Button(CANCEL, _("Cancel"))]

    def _say_what_is_wrong(self) -> None:
        wrong = self.view.first_wrong()
        self.view.set_buttons(self._buttons(), _("Correct first: {field}").format(field=wrong) if wrong else "")

    def _come_to(self, name: str) -> None:
        self.footer.set_keys(FooterKey(*key) for key in (*self.view.footer(), ("Esc", _("Cancel"))))
        self._tell_about(name)

    def _tell_about(self, name: str) -> None:
        schema = self._properties.get(name)
        self.help.show(lambda width: list(_help(name, schema, self._form, width)))

    # what happens

    def on_form_view_stopped(self, message: FormView.Stopped) -> None:
        message.stop()
        self._come_to(message.name)

    def on_form_view_changed(self, message: FormView.Changed) -> None:
        message.stop()
        self._say_what_is_wrong()

    def on_footer_key_asked(self, message: Footer.KeyAsked) -> None:
        message.stop()
        press(self, message.key)

    def on_form_view_pressed(self, message: FormView.Pressed) -> None:
        message.stop()
        if message.button == TEST:
            self.run_worker(self._test(), group="test", exclusive=True, exit_on_error=False)
        elif message.button == SAVE:
            self._leave(self._filled())
        else:
            self._leave(None)

    def action_back(self) -> None:
        self._leave(None)

    def _leave(self, answer: Filled | None) -> None:
        self.answer = answer
        self.house.left(self, answer)

    def _filled(self) -> Filled:
        folders = None
        if self._form.folders is not None:
            folders = tuple(Folder(one) for one in ALL_FOLDERS if str(one) in self.view.ticked(_FOLDERS))
        return Filled(values=self._values(), send_older=_OLDER in self.view.ticked(_OLDER), folders=folders)

    def _values(self) -> dict[str, Any]:
        return {name: _typed(text, self._properties[name]) for name, text in self.view.own_values().items()}

    async def _test(self) -> None:
        if self._form.test is None:
            return
        self.view.set_report(_("Test"), [Report(True, _("Testing"))])
        try:
            result = await self._form.test(self._values())
        except BanqupError as error:
            self.view.set_report(_("Test"), [Report(False, told_of(error))])
            return
        lines = [
            Report(step.ok, told(step.sentence) if step.ok else f"{told(step.sentence)} {told(step.remedy)}".rstrip())
            for step in result.steps
        ]
        self.view.set_report(_("Test"), lines)


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return str(value)


def _typed(text: str | None, schema: Mapping[str, Any]) -> Any:
    """The text as the schema's type: a number where it is one; the backend checks the rest."""
    kinds = schema.get("type") or next(
        (one.get("type") for one in schema.get("anyOf", ()) if one.get("type") != "null"), ""
    )
    if text is not None and kinds == "integer" and text.lstrip("-").isdigit():
        return int(text)
    if text is not None and kinds == "boolean":
        return text.lower() in ("true", "yes", "1")
    return text


def _check_of(schema: Mapping[str, Any]) -> Callable[[str], Wrong | None] | None:
    if schema.get("x-template"):
        return _check_template
    if schema.get("type") == "integer":
        return _check_number
    return None


def _check_template(text: str) -> Wrong | None:
    problems = check(text)
    if not problems:
        return None
    first = problems[0]
    if first.text == "unknown" and first.suggestion:
        return Wrong(first.start, first.end, _("unknown; did you mean {name}?").format(name=first.suggestion))
    return Wrong(first.start, first.end, told(first.text))


def _check_number(text: str) -> Wrong | None:
    return None if text.strip().isdigit() else Wrong(0, len(text), _("a whole number is needed"))


def _help(name: str, schema: Mapping[str, Any] | None, form: Form, width: int) -> Iterator[Line]:
    if schema is None:
        if form.description:
            yield from paragraph(0, width, in_language(form.description, current_language()))
        return
    yield (left(0, title_of(name, schema), "strong", bold=True),)
    words = schema.get("x-help")
    if words:
        yield from paragraph(0, width, in_language(words, current_language()))
    if schema.get("x-template"):
        yield BLANK
        for placeholder in PLACEHOLDERS:
            example = form.examples.get(placeholder, "")
            yield left(0, f"[{placeholder}]", "accent"), left(16, example[: max(width - 16, 0)])
