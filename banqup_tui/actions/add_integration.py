"""Activate an installed extension for one client: choose, fill in, test, activate."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from banqup_tui.actions.asking import Choice, Choosing, Filled, Form
from banqup_tui.actions.giving import give
from banqup_tui.actions.interface import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.domain.client import Client
from banqup_tui.domain.extension import Extension, Installation, in_language
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.text import clean
from banqup_tui.protocol.commands import AddIntegration as AddIntegrationBody
from banqup_tui.protocol.commands import Backfill
from banqup_tui.protocol.messages import BackfillCount, TestRequest, TestResult
from banqup_tui.written.told import told
from banqup_tui.written.words import _, current_language


class AddIntegration(Action):
    id = "add-integration"
    keys = ("a",)
    places = frozenset({Place.CLIENT, Place.CLIENTS})
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Add integration…")

    def help(self) -> str:
        return _("Sends the documents of this client to one more place: choose, fill in the settings, test, activate.")

    def short(self, context: Context) -> str:
        return _("Add integration")

    def availability(self, context: Context) -> str | None:
        if context.client is None:
            return _("No client here")
        return None if context.installations else _("Nothing is installed: install it in the Banqup Store first")

    async def run(self, context: Context) -> None:
        if context.client is None:
            return
        installation = await _chosen(context)
        if installation is None:
            return
        extension = context.extensions[installation.extension_id]
        older = await _older(context, context.client, extension)
        filled = await context.ask.fill_in(_form(context, context.client, installation, extension, older))
        if filled is None:
            return
        command = _body(context.client, installation, filled, older)
        words = _("{integration} is active for {client}.")
        text = words.format(integration=title_of(extension), client=clean(context.client.name))
        give(context, [command], text)


def title_of(extension: Extension) -> str:
    return clean(in_language(extension.title, current_language()))


async def _chosen(context: Context) -> Installation | None:
    """The installation; without a question where the context has named the extension."""
    if context.extension is not None:
        return context.installation
    choices = [
        _choice(installation, context.extensions[installation.extension_id], context.integrations)
        for installation in context.installations
        if installation.extension_id in context.extensions
    ]
    hint = _("Not in the list? Install it in the Banqup Store first.")
    answer = await context.ask.choose(Choosing(title=_("Add integration"), choices=choices, hint=hint))
    return next((one for one in context.installations if one.id == answer), None)


def _choice(installation: Installation, extension: Extension, integrations: Sequence[Integration]) -> Choice:
    has_it = any(
        one.installation_id == installation.id and one.state is not IntegrationState.REMOVED for one in integrations
    )
    description = clean(in_language(extension.description, current_language()))
    return Choice(
        id=installation.id,
        label=title_of(extension),
        note=_("This client has it already") if has_it else description,
        reason=clean(told(extension.problem)) if extension.problem else None,
    )


async def _older(context: Context, client: Client, extension: Extension) -> BackfillCount | None:
    """How many documents were there before; unknown offline, and then none are offered."""
    if context.offline:
        return None
    return await context.doing.backfill_count(client.id, extension.folders)


def _form(
    context: Context,
    client: Client,
    installation: Installation,
    extension: Extension,
    older: BackfillCount | None,
) -> Form:
    async def test(values: Mapping[str, Any]) -> TestResult:
        return await context.doing.test_connection(
            TestRequest(
                extension_id=extension.id,
                installation_id=installation.id,
                client_id=client.id,
                settings=dict(values),
            )
        )

    return Form(
        title=(clean(client.name), _("Integrations"), title_of(extension)),
        schema=extension.settings_schema,
        level="client",
        button=_("Activate"),
        inherited=installation.settings,
        inherited_secrets=installation.secrets,
        description=extension.description,
        test=test,
        older=older.count if older else 0,
        folders=extension.folders,
        examples=examples_of(client, context.now),
    )


def examples_of(client: Client, now: datetime) -> dict[str, str]:
    """What the placeholders of a path stand for, as far as it can be said without a document."""
    return {
        "external_id": clean(client.reference),
        "vat_number": client.vat_number or "",
        "uen_number": client.enterprise_number or "",
        "client_name": clean(client.name),
        "invoice_type": "purchases",
        "folder": "purchases",
        "year": f"{now.year}",
        "month": f"{now.month:02}",
    }


def _body(
    client: Client, installation: Installation, filled: Filled, older: BackfillCount | None
) -> AddIntegrationBody:
    backfill = None
    if filled.send_older and older is not None and older.count:
        backfill = Backfill(up_to=older.up_to, expected=older.count)
    return AddIntegrationBody(
        integration_id=str(uuid.uuid4()),
        client_id=client.id,
        installation_id=installation.id,
        settings=dict(filled.values),
        folders=filled.folders,
        backfill=backfill,
    )
