"""Installs an extension of the Banqup Store for the firm."""

from __future__ import annotations

import uuid

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Form
from banqup_tui.actions.settings_service import FormSignIn, settings_check, settings_test
from banqup_tui.actions.submission import submit
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.messages import Message
from banqup_tui.domain.setting_rules import plain
from banqup_tui.domain.values import JsonObject
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import Install
from banqup_tui.protocol.messages import TestRequest


class InstallExtensionAction(Action):
    id = "install"
    keys = ("a",)
    places = frozenset({Place.STORE})
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Install…")

    def help(self) -> str:
        return _("Installs an extension for the firm: its settings are the template for every client.")

    def availability(self, context: Context) -> Message | None:
        if context.extension is None:
            return Message("action.no-extension")
        if not context.extension.allowed:
            return Message("action.package-not-allowed")
        if context.extension.problem:
            return context.extension.problem
        return Message("action.installed-already") if context.installation else None

    async def run(self, context: Context) -> None:
        extension = context.extension
        if extension is None:
            return
        filled = await context.ask.fill_in(firm_form(context, extension, None, _("Install")))
        if filled is None:
            return
        body = Install(installation_id=str(uuid.uuid4()), extension_id=extension.id, settings=dict(filled.values))
        words = _("{extension} is installed. Add it to a client to send documents there.")
        text = words.format(extension=title_of(extension))
        submit(context, [body], text)


def firm_form(context: Context, extension: Extension, installation: Installation | None, button: str) -> Form:
    request = TestRequest(extension_id=extension.id, installation_id=installation.id if installation else None)
    return Form(
        title=(_("Banqup Store"), title_of(extension)),
        schema=extension.settings_schema,
        level="firm",
        button=button,
        values=installation.settings if installation else settings_of_neighbours(context, extension),
        secrets=installation.secrets if installation else (),
        description=extension.description,
        test=settings_test(context, request),
        look=settings_check(context, request),
        sign_in=FormSignIn(context, request),
    )


def settings_of_neighbours(context: Context, extension: Extension) -> JsonObject:
    """Returns settings of the firm that an installation over the same connector has, to be offered for another one.

    Packages by name are often reached by one mail server. Secrets are not known here, and a path is the package's own.
    """
    used = {extension.id, extension.connector} - {""}
    for installation in context.installations:
        other = context.extensions.get(installation.extension_id)
        if other is not None and {other.id, other.connector} & used:
            return {name: value for name, value in installation.settings.items() if _is_of_firm(extension, other, name)}
    return {}


def _is_of_firm(extension: Extension, other: Extension, name: str) -> bool:
    """Whether both ask for the setting alike, and not for each client."""
    schemas = [one.settings_schema.get("properties", {}).get(name) for one in (extension, other)]
    return all(
        schema is not None and plain(schema).get("x-level", "firm") == "firm" and not plain(schema).get("x-template")
        for schema in schemas
    )
