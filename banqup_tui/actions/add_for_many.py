"""Adds an extension to several clients at once: choose it, fill in the shared settings, review each client, confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from banqup_tui.actions.context import Context
from banqup_tui.actions.integration_form import (
    InstallationChoice,
    add_command,
    choose_installation,
    client_form,
    integrations_of,
    title_of,
)
from banqup_tui.actions.prompts import ConfirmQuestion, Form, FormAnswer, ReviewQuestion, ReviewRow, ReviewState
from banqup_tui.actions.settings_service import FormSignIn, run_test
from banqup_tui.actions.submission import submit_each
from banqup_tui.domain.client import Client
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension, Installation, in_language
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.domain.settings_needed import needed
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import JsonObject
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _, ngettext, own_text
from banqup_tui.protocol.commands import AddIntegration
from banqup_tui.protocol.messages import BackfillCount, FormSettings, TestRequest

_STEPS = 3


@dataclass
class Draft:
    """The integration that one client will get, before the command is given.

    `problem` is the sentence of what the service finds wrong with the settings, empty if nothing; `labels` are the
    names of the integrations that the client has already.
    """

    client: Client
    values: JsonObject
    folders: tuple[Folder, ...] | None
    labels: tuple[str, ...] = ()
    label: str | None = None
    older: BackfillCount | None = None
    since: date | None = None
    problem: str = ""


@dataclass
class Batch:
    """All drafts, with the installation and extension that they are for."""

    context: Context
    installation: Installation
    extension: Extension
    drafts: dict[str, Draft] = field(default_factory=dict)

    @property
    def ready(self) -> list[Draft]:
        return [draft for draft in self.drafts.values() if self.state_of(draft) is ReviewState.READY]

    def state_of(self, draft: Draft) -> ReviewState:
        """Returns whether the draft can be activated, lacks a setting, or has a name that the client uses already."""
        name = draft.label or in_language(self.extension.title, "en")
        if name.casefold() in {label.casefold() for label in draft.labels}:
            return ReviewState.HAS
        return ReviewState.NEEDS if draft.problem or self.missing(draft) else ReviewState.READY

    def missing(self, draft: Draft) -> list[str]:
        """Returns the names of required settings that neither the firm nor the draft has."""
        together = {**self.installation.settings, **draft.values}
        return needed(self.extension.settings_schema, together, self.installation.secrets)

    def row(self, draft: Draft) -> ReviewRow:
        state = self.state_of(draft)
        note = {
            ReviewState.HAS: _("has it already"),
            ReviewState.NEEDS: self._needs(draft),
            ReviewState.READY: self._ready(draft),
        }[state]
        return ReviewRow(id=draft.client.id, label=clean(draft.client.name), state=state, note=note)

    def _needs(self, draft: Draft) -> str:
        properties = self.extension.settings_schema.get("properties", {})
        titles = [_title(name, properties.get(name, {})) for name in self.missing(draft)]
        return _("needs {settings}").format(settings=", ".join(titles)) if titles else draft.problem

    def _ready(self, draft: Draft) -> str:
        words = _("ready") if draft.label is None else _("ready, as {name}").format(name=clean(draft.label))
        if draft.older is None or not draft.older.count:
            return words
        older = ngettext("{count} older document", "{count} older documents", draft.older.count)
        return f"{words}, {older.format(count=count(draft.older.count))}"


async def add_for_many(context: Context) -> None:
    wanted = await choose_installation(context, (), _STEPS)
    if wanted is None:
        return
    batch = Batch(context, wanted.installation, context.extensions[wanted.installation.extension_id])
    filled = await context.ask.fill_in(await _shared_form(batch))
    if filled is None:
        return
    await _make_drafts(batch, filled)
    while await context.ask.review(_review_question(batch)):
        if await context.ask.confirm(_confirm_question(batch)):
            _submit(batch)
            return


async def _shared_form(batch: Batch) -> Form:
    """Builds the form of the settings that all clients share. A setting left out here can be filled in per client."""
    context, extension, clients = batch.context, batch.extension, batch.context.clients

    async def count_older(folders: Sequence[Folder], since: date | None) -> BackfillCount | None:
        return _add_counts(
            [await context.session.backfill_count(client.id, folders, since) for client in clients], folders
        )

    number = len(clients)
    return Form(
        title=(
            ngettext("{count} client", "{count} clients", number).format(count=count(number)),
            _("Add integration"),
            title_of(extension),
        ),
        schema=extension.settings_schema,
        level="client",
        button=_("Continue"),
        inherited=batch.installation.settings,
        inherited_secrets=batch.installation.secrets,
        description=extension.description,
        sign_in=FormSignIn(context, FormSettings(extension_id=extension.id, installation_id=batch.installation.id)),
        older=await count_older(extension.folders, None),
        count_older=count_older,
        folders=extension.folders,
        takes=extension.folders,
        is_complete=False,
        step=(2, _STEPS),
    )


def _add_counts(counts: Sequence[BackfillCount | None], folders: Sequence[Folder]) -> BackfillCount | None:
    """Adds up the counts of older documents; `None` if any of them is not known."""
    known = [backfill for backfill in counts if backfill is not None]
    if len(known) < len(counts) or not known:
        return None
    return BackfillCount(folders=tuple(folders), count=sum(backfill.count for backfill in known), up_to=known[0].up_to)


async def _make_drafts(batch: Batch, filled: FormAnswer) -> None:
    """Makes a draft for each client, checked by the service if it can be asked."""
    context = batch.context
    progress = context.ask.progress(_("Looking at what each needs"), len(context.clients))
    try:
        for client in context.clients:
            draft = Draft(
                client=client,
                values={name: value for name, value in filled.values.items() if value is not None},
                folders=filled.folders,
                labels=tuple(integration.label for integration in integrations_of(context.integrations, client.id)),
                label=filled.label,
                since=filled.since,
            )
            if filled.older is not None:
                folders = filled.folders or batch.extension.folders
                draft.older = await context.session.backfill_count(client.id, folders, filled.since)
            batch.drafts[client.id] = draft
            await _check_draft(batch, draft)
            progress.advance()
    finally:
        progress.done()


async def _check_draft(batch: Batch, draft: Draft) -> None:
    """Asks the connector what is wrong with a draft. Without a service nothing is checked: the command will tell."""
    draft.problem = ""
    if batch.context.offline or batch.state_of(draft) is not ReviewState.READY:
        return
    request = TestRequest(
        extension_id=batch.extension.id,
        installation_id=batch.installation.id,
        client_id=draft.client.id,
        settings=draft.values,
        dry=True,
    )
    try:
        result = await run_test(batch.context.session, request)
    except BanqupError:
        return
    draft.problem = next((sentence_of(step.message) for step in result.steps if not step.ok), "")


def _review_question(batch: Batch) -> ReviewQuestion:
    async def edit(client_id: str) -> None:
        await _edit(batch, batch.drafts[client_id])

    def go_on() -> str:
        number = len(batch.ready)
        words = ngettext("Activate for {count} client", "Activate for {count} clients", number)
        return words.format(count=count(number)) if number else ""

    return ReviewQuestion(
        title=(_("Add integration"), title_of(batch.extension)),
        columns=(_("Client"), _("What it needs")),
        rows=lambda: [batch.row(draft) for draft in batch.drafts.values()],
        edit=edit,
        go_on=go_on,
        step=(3, _STEPS),
    )


async def _edit(batch: Batch, draft: Draft) -> None:
    """Asks for the settings of one draft; a client that has the extension already must choose another name."""
    context, secret = batch.context, _secrets(batch.extension)
    of_client = integrations_of(context.integrations, draft.client.id)
    again = batch.state_of(draft) is ReviewState.HAS
    wanted = InstallationChoice(installation=batch.installation, again=again or draft.label is not None)
    form = await client_form(context, draft.client, wanted, batch.extension, of_client)
    shown = {name: value for name, value in draft.values.items() if name not in secret}
    form = msgspec.structs.replace(
        form,
        values=shown,
        secrets=tuple(name for name in draft.values if name in secret),
        folders=draft.folders or batch.extension.folders,
        older=None,
        button=_("Keep"),
        step=None,
    )
    filled = await context.ask.fill_in(form)
    if filled is None:
        return
    together = {**draft.values, **filled.values}
    draft.values = {name: value for name, value in together.items() if value is not None}
    draft.folders, draft.label = filled.folders, filled.label or draft.label
    if draft.older is not None:
        draft.older = await context.session.backfill_count(draft.client.id, draft.folders or (), draft.since)
    await _check_draft(batch, draft)


def _confirm_question(batch: Batch) -> ConfirmQuestion:
    """Builds the last question, which says how many clients and older documents the answer concerns."""
    ready, number = batch.ready, len(batch.ready)
    left_out = len(batch.drafts) - number
    older = sum(draft.older.count for draft in ready if draft.older is not None)
    lines = []
    if older:
        words = ngettext("{count} older document is sent too.", "{count} older documents are sent too.", older)
        lines.append(words.format(count=count(older)))
    if left_out:
        words = ngettext("{count} client is left out.", "{count} clients are left out.", left_out)
        lines.append(words.format(count=count(left_out)))
    button = ngettext("Activate for {count} client", "Activate for {count} clients", number)
    return ConfirmQuestion(
        title=_("Add {extension}").format(extension=title_of(batch.extension)),
        lines=lines,
        button=button.format(count=count(number)),
    )


def _submit(batch: Batch) -> None:
    """Gives one command per client, so that a refused command leaves the other clients alone."""
    ready = batch.ready
    bodies = [(_command(batch, draft), _name(batch, draft)) for draft in ready]
    words = ngettext(
        "{integration} is active for {count} client.", "{integration} is active for {count} clients.", len(ready)
    )
    submit_each(batch.context, bodies, words.format(integration=title_of(batch.extension), count=count(len(ready))))


def _command(batch: Batch, draft: Draft) -> AddIntegration:
    filled = FormAnswer(
        values=draft.values, folders=draft.folders, label=draft.label, older=draft.older, since=draft.since
    )
    return add_command(draft.client, batch.installation, filled)


def _name(batch: Batch, draft: Draft) -> str:
    integration = clean(draft.label) if draft.label else title_of(batch.extension)
    words = _("{integration} is active for {client}.").format(integration=integration, client=clean(draft.client.name))
    return words.rstrip(".")


def _secrets(extension: Extension) -> set[str]:
    properties: Mapping[str, Any] = extension.settings_schema.get("properties", {})
    return {name for name, schema in properties.items() if schema.get("writeOnly")}


def _title(name: str, schema: Schema) -> str:
    titles = schema.get("x-titles")
    return own_text(titles) if titles else str(schema.get("title") or name)
