"""Allows a connector package of another author."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import ConfirmQuestion
from banqup_tui.actions.submission import submit
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import AllowPackage


class AllowPackageAction(Action):
    """Asks for confirmation by the package's name, because its code then runs with all rights of the service."""

    id = "allow-package"
    keys = ("l",)
    places = frozenset({Place.STORE})
    menu = 0
    rank = 12
    in_footer = False

    def name(self) -> str:
        return _("Allow package…")

    def help(self) -> str:
        return _("Lets a package of others in. Until then nothing of it is run.")

    def availability(self, context: Context) -> Message | None:
        extension = context.extension
        if extension is None:
            return Message("action.no-extension")
        if not extension.package:
            return Message("action.own-package")
        return Message("action.allowed-already") if extension.allowed else None

    async def run(self, context: Context) -> None:
        extension = context.extension
        if extension is None or not extension.package:
            return
        package = extension.package
        lines = [
            _("{extension} is not of this program: the package {package} brings it.").format(
                extension=title_of(extension), package=package
            ),
            _("Allowed, its code has all rights of the service: it can read all documents and all passwords."),
            _("Allow only a package that you trust as you trust this program."),
        ]
        button = _("Allow {package}").format(package=package)
        if not await context.ask.confirm(ConfirmQuestion(title=button, lines=lines, button=button, dangerous=True)):
            return
        command = AllowPackage(extension_id=extension.id, package=package)
        submit(context, [command], _("{package} is allowed.").format(package=package))
