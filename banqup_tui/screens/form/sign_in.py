"""A sign-in from a form: begins it, shows where to go, and asks each second whether it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from banqup_tui.actions.prompts import SignInSteps
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.messages import remedy_of, sentence_of, words_of
from banqup_tui.presentation.words import _
from banqup_tui.protocol.messages import SignIn, SignInState
from banqup_tui.screens.external_program import open_outside
from banqup_tui.sync.errors import RequestRefused
from banqup_tui.widgets.panels.sign_in import AGAIN, SignInChoice, SignInPanel
from banqup_tui.widgets.sheet import Sheet

POLL = 1.0
"""Seconds between two questions."""


class SignInAtForm:
    """Runs sign-ins on `panel`, which lies over `screen`."""

    def __init__(self, screen: Sheet, panel: SignInPanel, signing: SignInSteps) -> None:
        self._screen, self._panel, self._signing = screen, panel, signing
        self._url, self._id = "", ""

    async def value(self, field: str, values: Mapping[str, object]) -> str | None:
        """Returns the value for the field, `None` if the user cancels. Raises `BanqupError` if it cannot begin."""
        answer: str | None = AGAIN
        while answer == AGAIN:
            answer = await self._show_panel(await self._signing.begin(field, values))
        return answer

    async def _show_panel(self, begun: SignIn) -> str | None:
        self._url, self._id = clean(begun.url), begun.id
        self._panel.fill(
            clean(begun.provider), self._url, clean(begun.returns_to), has_browser=self._signing.has_browser
        )
        watching = self._screen.run_worker(self._watch(begun), group="watch", exclusive=True, exit_on_error=False)
        try:
            answer: str | None = await self._panel.ask()
            return answer
        finally:
            watching.cancel()

    async def _watch(self, sign_in: SignIn) -> None:
        """Asks for the state until it is final. Without an answer it goes on: the header shows that."""
        while not self._is_over(sign_in):
            await asyncio.sleep(POLL)
            try:
                sign_in = await self._signing.state(sign_in.id)
            except RequestRefused as error:
                self._panel.refuse(sentence_of(error.message), remedy_of(error.message))
                return
            except BanqupError:
                continue

    def _is_over(self, sign_in: SignIn) -> bool:
        if sign_in.state is SignInState.SIGNED_IN:
            self._panel.answer(sign_in.id)
        elif sign_in.state is SignInState.REFUSED:
            reason = sign_in.reason or message("sign-in.refused-without-reason", provider=sign_in.provider)
            self._panel.refuse(sentence_of(reason), remedy_of(reason))
        return sign_in.state is not SignInState.WAITING

    # buttons of the panel

    def button_pressed(self, choice: SignInChoice) -> None:
        if choice == "copy":
            self._screen.app.copy_to_clipboard(self._url)
            self._panel.tell(_("Copied: the address. Where no clipboard is reached, select it with Shift held."))
        else:
            work = self._open() if choice == "browser" else self._return(self._panel.pasted)
            self._screen.run_worker(work, group=choice, exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        if self._url.startswith(("https://", "http://")) and await open_outside(self._url):
            self._panel.tell(_("Opened in the browser. Sign in there."))
        else:
            self._panel.tell(_("No browser was found here: open the address yourself."), "error")

    async def _return(self, address: str) -> None:
        asked = self._id
        self._panel.tell(_("Asking the provider"), "muted")
        try:
            sign_in = await self._signing.returned(asked, address)
        except BanqupError as error:
            if asked == self._id:
                self._panel.tell(words_of(error.message), "error")
            return
        if asked == self._id and not self._is_over(sign_in):
            self._panel.tell(_("Waiting until you have signed in there."), "muted")
