"""A form of settings, drawn from a JSON Schema, with an explanation beside it if there is room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.timer import Timer

from banqup_tui.actions.prompts import Form, FormAnswer, Tone
from banqup_tui.domain.days import read_day
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.setting_rules import kind_of, value_of
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import cut_middle
from banqup_tui.presentation.messages import sentence_beside, sentence_of, words_of
from banqup_tui.presentation.widths import width_of
from banqup_tui.presentation.words import _
from banqup_tui.protocol.messages import BackfillCount, TestResult, TestStep
from banqup_tui.screens.app_protocol import AppProtocol
from banqup_tui.screens.form.fields import (
    FOLDERS,
    LABEL,
    OLDER,
    SINCE,
    chosen_folders,
    fields_of,
    help_line,
    help_lines,
    not_asked,
    older_ticks,
    since_field,
    ticks_of,
    variables_line,
)
from banqup_tui.screens.form.sign_in import SignInAtForm
from banqup_tui.screens.keys import press_key
from banqup_tui.sync.errors import RequestRefused
from banqup_tui.widgets.buttons import Button
from banqup_tui.widgets.footer import Footer, FooterKey
from banqup_tui.widgets.form.view import FormView, Report
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.panels.panel import Panel
from banqup_tui.widgets.panels.sign_in import SignInPanel
from banqup_tui.widgets.sheet import Rule, Sheet

TEST, SAVE, CANCEL = "test", "save", "cancel"
CHECK_AFTER = 0.4
"""Seconds without a key after which the service is asked to check the settings."""
CHECK_AGAIN = 1.0
"""Seconds after which it is asked again, if it did not answer."""


_DIGITS = {"client": "3", "document": "2"}
"""The places of the header to which forms belong, by level."""


class FormScreen(Sheet):
    """Is dismissed with a `FormAnswer`, or with `None`."""

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
        self._examples = dict(form.examples)
        self._preview: str | None = None
        self._older: BackfillCount | None = form.older
        self._check_timer: Timer | None = None
        self._signing: SignInAtForm | None = None
        self.answer: FormAnswer | None = None

    def compose_body(self) -> ComposeResult:
        yield self.view
        yield self._rule
        yield self.help

    def compose_panels(self) -> ComposeResult:
        if self._form.sign_in is not None and any(
            kind_of(property) == "sign-in" for property in self._properties.values()
        ):
            panel = SignInPanel()
            self._signing = SignInAtForm(self, panel, self._form.sign_in)
            yield panel

    def on_mount(self) -> None:
        banqup = self.banqup
        self.header.set_places(banqup.places(), _DIGITS.get(self._form.level, "4"))
        banqup.show_state(self)
        step = self._form.step
        steps = _("Step {part} of {whole}").format(part=step[0], whole=step[1]) if step else ""
        self.title_line.set_path(self._form.title, right=steps)
        self.view.fill(
            fields_of(self._form),
            ticks_of(self._form),
            (),
            shown_after={OLDER: (since_field(),)},
            not_asked=partial(not_asked, self._form),
        )
        self._say_what_is_wrong()
        self.footer.set_right(())
        self.set_focus(self.view)
        self._focus_changed(self.view.stop_name)
        self._schedule_check()

    def levels_changed(self, levels: int) -> None:
        self.help.display = self._rule.display = levels > 1
        self._tell()

    @property
    def banqup(self) -> AppProtocol:
        return cast("AppProtocol", self.app)

    # what is drawn

    def _buttons(self) -> list[Button]:
        wrong = self._first_wrong()
        test = [Button(TEST, _("Test connection"))] if self._form.test is not None else []
        return [*test, Button(SAVE, self._form.button, reason=wrong), Button(CANCEL, _("Cancel"))]

    def _first_wrong(self) -> str | None:
        """Returns the label of what must be corrected first.

        Ticked older documents are wrong while their number is not known: only what was counted and shown may be sent.
        """
        wrong = self.view.first_wrong()
        if wrong is None and self._older is None and OLDER in self.view.ticked(OLDER):
            return _("Older")
        return wrong

    def _say_what_is_wrong(self) -> None:
        wrong = self._first_wrong()
        self.view.set_buttons(self._buttons(), _("Correct first: {field}").format(field=wrong) if wrong else "")

    def _focus_changed(self, name: str) -> None:
        self.footer.set_keys(FooterKey(*key) for key in (*self.view.footer(), ("Esc", _("Cancel"))))
        self._tell()

    def _tell(self) -> None:
        """Shows the explanation beside the form if there is room, else under the field and in the info line."""
        name = self.view.stop_name
        beside = self.levels > 1
        self.help.show(lambda width: list(help_lines(name, self._form, self._examples, self._preview, width)))
        for setting, schema in self._properties.items():
            if schema.get("x-template"):
                self.view.set_hint(setting, "" if beside else variables_line(self._examples))
        words = self._preview_words() or help_line(self._properties.get(name, {}), self.app.size.width - 4)
        self.info.set_state((Word(words, "muted"),) if words and not beside else (), at_once=True)

    def _preview_words(self) -> str:
        """Returns the path of the newest document on one line, with a long path cut in its middle."""
        if not self._preview:
            return ""
        words = _("The newest document would go to {path}")
        width_left = self.app.size.width - 4 - width_of(words.format(path=""))
        return words.format(path=cut_middle(self._preview, max(width_left, 10)))

    # what happens

    def on_form_view_stopped(self, message: FormView.Stopped) -> None:
        message.stop()
        self._focus_changed(message.name)

    def on_form_view_changed(self, message: FormView.Changed) -> None:
        message.stop()
        counts_anew = self._form.older is not None and message.name in (FOLDERS, OLDER, SINCE)
        if counts_anew:
            self._older = None
        self.info.say()
        self._say_what_is_wrong()
        if counts_anew:
            self.run_worker(self._count_older(), group="older", exclusive=True, exit_on_error=False)
        if message.name in self._properties:
            self._preview = None
            self._tell()
            self._schedule_check()

    def on_form_view_sign_in_asked(self, message: FormView.SignInAsked) -> None:
        message.stop()
        self.run_worker(self._sign_in(message.name), group="sign-in", exclusive=True, exit_on_error=False)

    def on_sign_in_panel_button_pressed(self, message: SignInPanel.ButtonPressed) -> None:
        message.stop()
        if self._signing is not None:
            self._signing.button_pressed(message.choice)

    def on_panel_shown(self, message: Panel.Shown) -> None:
        message.stop()
        if message.open:
            self.footer.set_keys(message.panel.footer_keys())
        else:
            self._focus_changed(self.view.stop_name)

    def on_footer_key_asked(self, message: Footer.KeyAsked) -> None:
        message.stop()
        press_key(self, message.key)

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

    def _leave(self, answer: FormAnswer | None) -> None:
        self.answer = answer
        self.banqup.screen_left(self, answer)

    # what was filled in

    def _filled(self) -> FormAnswer:
        older = self._older if OLDER in self.view.ticked(OLDER) else None
        return FormAnswer(
            values=self._values(),
            older=older,
            since=self._since() if older else None,
            folders=chosen_folders(self._form, self.view.ticked(FOLDERS)),
            label=self.view.text_of(LABEL) or None,
        )

    def _since(self) -> Any:
        return read_day(self.view.text_of(SINCE))

    def _values(self) -> dict[str, object]:
        values = self.view.own_values()
        return {
            name: None if text is None else value_of(self._properties[name], text)
            for name, text in values.items()
            if name in self._properties
        }

    # questions to the service

    async def _sign_in(self, name: str) -> None:
        """Signs in for a field. If a setting is missing for it, that setting gets the focus."""
        if self._signing is None:
            return
        self.info.say()
        try:
            signed_in = await self._signing.value(name, self._values())
        except BanqupError as error:
            self.banqup.say(words_of(error.message), Tone.ERROR, (sentence_of(error.message),))
            self.view.go_to(error.problem.field or "" if isinstance(error, RequestRefused) else "")
            return
        if signed_in is not None:
            self.view.put(name, signed_in)
            self._focus_changed(self.view.stop_name)

    async def _count_older(self) -> None:
        """Counts the older documents again, for the ticked folders and the day."""
        if self._form.count_older is None:
            return
        folders = chosen_folders(self._form, self.view.ticked(FOLDERS)) or ()
        since = self._since()
        try:
            self._older = await self._form.count_older(folders, since)
        except BanqupError:
            self._older = None
        self.view.relabel(older_ticks(self._older, has_day=since is not None))
        self._say_what_is_wrong()

    def _schedule_check(self, seconds: float = CHECK_AFTER) -> None:
        if self._form.look is None:
            return
        if self._check_timer is not None:
            self._check_timer.stop()
        self._check_timer = self.set_timer(seconds, self._check_soon)

    def _check_soon(self) -> None:
        self.run_worker(self._check_settings(), group="look", exclusive=True, exit_on_error=False)

    async def _check_settings(self) -> None:
        """Asks the connector to check the settings and to say where a document would go.

        An answer for settings that have changed meanwhile is dropped.
        """
        values = self._values()
        if self._form.look is None:
            return
        try:
            result = await self._form.look(values)
        except BanqupError:
            self._schedule_check(CHECK_AGAIN)
            return
        if values == self._values():
            self._show_result(result)

    def _show_result(self, result: TestResult) -> None:
        self._preview = clean(result.preview) if result.preview else None
        self._examples |= {name: clean(value) for name, value in result.variables.items()}
        self.view.set_problems(_by_field(result, self._properties))
        self._say_what_is_wrong()
        self._tell()

    async def _test(self) -> None:
        if self._form.test is None:
            return
        self.view.set_report(_("Test"), [Report(None, _("Testing"))])
        try:
            result = await self._form.test(self._values())
        except BanqupError as error:
            self.view.set_report(_("Test"), [Report(False, words_of(error.message))])
            return
        self.view.set_report(_("Test"), [Report(step.ok, _sentence(step)) for step in result.steps])
        self._show_result(result)


def _sentence(step: TestStep) -> str:
    return sentence_of(step.message) if step.ok else words_of(step.message)


def _by_field(result: TestResult, properties: Mapping[str, object]) -> dict[str, str]:
    """Returns the first problem of each setting, without the setting's title, which stands beside it."""
    texts: dict[str, str] = {}
    for step in result.steps:
        if not step.ok and step.field and step.field in properties and step.field not in texts:
            texts[step.field] = sentence_beside(step.message)
    return texts
