"""The choice, form and command that adding an integration to one client and to many have in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from banqup_tui.actions.context import Context
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, Form, FormAnswer, NameQuestion
from banqup_tui.actions.settings_service import FormSignIn, settings_check, settings_test
from banqup_tui.domain.client import Client
from banqup_tui.domain.extension import Extension, Installation, in_language
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import Value
from banqup_tui.presentation.words import _, own_text
from banqup_tui.protocol.commands import AddIntegration, Backfill
from banqup_tui.protocol.messages import BackfillCount, TestRequest

_AGAIN = "\0again"
"""Ends the id of a choice that adds an extension once more; no installation's id has this character."""


class InstallationChoice(Value, frozen=True, kw_only=True):
    """The installation that was chosen. With `again` the client has it already and gets it under another name."""

    installation: Installation
    again: bool = False


def title_of(extension: Extension) -> str:
    return clean(own_text(extension.title))


def integrations_of(integrations: Sequence[Integration], client_id: str) -> list[Integration]:
    """Returns the integrations of a client that are not removed."""
    return [
        integration
        for integration in integrations
        if integration.client_id == client_id and integration.state is not IntegrationState.REMOVED
    ]


async def choose_installation(
    context: Context, of_client: Sequence[Integration], steps: int = 2
) -> InstallationChoice | None:
    """Asks which installation to add. If an extension is under the cursor its installation is taken without asking."""
    if context.extension is not None:
        installation = context.installation
        return InstallationChoice(installation=installation) if installation is not None else None
    choices = [
        choice
        for installation in context.installations
        if installation.extension_id in context.extensions
        for choice in _choices(installation, context.extensions[installation.extension_id], of_client)
    ]
    hint = _("Not in the list? Install it in the Banqup Store first.")
    answer = await context.ask.choose(
        ChoiceQuestion(title=_("Add integration"), choices=choices, hint=hint, steps=steps)
    )
    installation_id, again, _rest = (answer or "").partition(_AGAIN)
    installation = next(
        (installation for installation in context.installations if installation.id == installation_id), None
    )
    return InstallationChoice(installation=installation, again=bool(again)) if installation is not None else None


def _choices(installation: Installation, extension: Extension, of_client: Sequence[Integration]) -> Iterator[Choice]:
    title = title_of(extension)
    if extension.problem:
        yield Choice(id=installation.id, label=title, reason=extension.problem)
    elif any(integration.installation_id == installation.id for integration in of_client):
        yield Choice(id=installation.id, label=title, reason=Message("action.active-already"))
        label = _("{extension}, once more").format(extension=title)
        note = _("Under another name, with settings of its own")
        yield Choice(id=f"{installation.id}{_AGAIN}", label=label, note=note)
    else:
        description = clean(own_text(extension.description))
        yield Choice(id=installation.id, label=title, note=description)


async def client_form(
    context: Context, client: Client, wanted: InstallationChoice, extension: Extension, of_client: Sequence[Integration]
) -> Form:
    """Builds the form of the client's own settings, with folders and older documents."""
    installation = wanted.installation
    request = TestRequest(extension_id=extension.id, installation_id=installation.id, client_id=client.id)

    async def count_older(folders: Sequence[Folder], since: date | None) -> BackfillCount | None:
        return await context.session.backfill_count(client.id, folders, since)

    return Form(
        title=(clean(client.name), _("Integrations"), title_of(extension)),
        schema=extension.settings_schema,
        level="client",
        button=_("Activate"),
        inherited=installation.settings,
        inherited_secrets=installation.secrets,
        description=extension.description,
        test=settings_test(context, request),
        look=settings_check(context, request),
        sign_in=FormSignIn(context, request),
        older=await count_older(extension.folders, None),
        count_older=count_older,
        folders=extension.folders,
        takes=extension.folders,
        naming=_naming(extension, of_client) if wanted.again else None,
        examples=examples_of(client, context.now),
        step=(2, 2),
    )


def _naming(extension: Extension, of_client: Sequence[Integration]) -> NameQuestion:
    taken = {integration.label for integration in of_client}
    title = in_language(extension.title, "en")
    suggestion = next(name for number in range(2, len(taken) + 3) if (name := f"{title} {number}") not in taken)
    return NameQuestion(taken=tuple(taken), suggestion=clean(suggestion))


def examples_of(client: Client, now: datetime) -> dict[str, str]:
    """Returns examples for the placeholders of a path, as far as they are known without a document."""
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


def add_command(client: Client, installation: Installation, filled: FormAnswer) -> AddIntegration:
    older = filled.older
    backfill = Backfill(up_to=older.up_to, expected=older.count, since=filled.since) if older and older.count else None
    return AddIntegration(
        integration_id=str(uuid.uuid4()),
        client_id=client.id,
        installation_id=installation.id,
        label=filled.label,
        settings=dict(filled.values),
        folders=filled.folders,
        backfill=backfill,
    )
