"""Actions on sources: show them, add one, edit it, test a mailbox, remove one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Destination, Place
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, ConfirmQuestion, Form, Notice
from banqup_tui.actions.settings_service import FormSignIn
from banqup_tui.actions.submission import submit
from banqup_tui.actions.test_connection import result_message
from banqup_tui.domain.mailbox_address import (
    PORTS,
    MailboxAddress,
    MailboxSecurity,
    WrongMailboxAddress,
    is_usable_to_move_to,
    read_address,
)
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import Source, SourceKind
from banqup_tui.domain.text import clean
from banqup_tui.presentation.sources import KIND_NAMES
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import AddSource, RemoveSource
from banqup_tui.protocol.messages import FormSettings, MailboxProvider, SignIn, TestResult, TestStep

_HERE = frozenset({Place.SOURCES})
USUAL_DROP: Final = "127.0.0.1:2022"
_SECONDS_TO_SIGN_IN: Final = 100.0
_OF_PROVIDER: Final = ("sign_in_by", "user", "client_id", "client_secret", "authorize_url", "token_url", "scope")
_NOTES: Final = {
    SourceKind.FOLDER: N_("Whatever appears below a folder of this computer is taken; nothing in it is changed."),
    SourceKind.SFTP_DROP: N_("Other programs put documents here by SFTP; there is one."),
    SourceKind.MAILBOX: N_("What is attached to the mails of a mailbox is taken; there is one."),
}


class OpenSourcesAction(Action):
    id = "sources"
    keys = ("S",)
    places = frozenset({Place.CLIENT_DOCUMENTS, Place.UNFILED})
    rank = 45

    def name(self) -> str:
        return _("Sources")

    def help(self) -> str:
        return _("Shows by which ways documents come in, what each has brought, and what is wrong with it.")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=Place.SOURCES))


class EditSourceAction(Action):
    id = "edit-source"
    keys = ("enter",)
    places = _HERE
    menu = 0
    rank = 1

    def name(self) -> str:
        return _("Edit…")

    def help(self) -> str:
        return _("Changes the folder, the address of the SFTP drop, or the mailbox and its password.")

    def availability(self, context: Context) -> Message | None:
        return _cannot_be_changed(context, context.source.kind) if context.source else Message("action.no-source")

    async def run(self, context: Context) -> None:
        if context.source is not None:
            await _FILL_IN[context.source.kind](context, context.source)


class AddSourceAction(Action):
    id = "add-source"
    keys = ("a",)
    places = _HERE
    menu = 1
    rank = 5

    def name(self) -> str:
        return _("Add source…")

    def help(self) -> str:
        return _("Asks for the kind, a watched folder, the SFTP drop or the mailbox, and what it needs.")

    def short(self, context: Context) -> str:
        return _("Add")

    async def run(self, context: Context) -> None:
        have = {source.kind for source in context.sources} - {SourceKind.FOLDER}
        choices = [
            Choice(
                id=str(kind),
                label=_(KIND_NAMES[kind]),
                note=_(_NOTES[kind]),
                reason=Message("action.source-there") if kind in have else _cannot_be_changed(context, kind),
            )
            for kind in SourceKind
        ]
        answer = await context.ask.choose(ChoiceQuestion(title=_("Add source"), choices=choices, steps=2))
        if answer is not None:
            await _FILL_IN[SourceKind(answer)](context, None)


class TestSourceAction(Action):
    # pytest would collect the class for its name.
    __test__ = False

    id = "test-source"
    keys = ("T",)
    places = _HERE
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Test mailbox")

    def help(self) -> str:
        return _("Connects to the mailbox and signs in, as the service does; no mail is read or changed.")

    def short(self, context: Context) -> str:
        return _("Test")

    def shows_in_footer(self, context: Context) -> bool:
        return self.availability(context) is None

    def availability(self, context: Context) -> Message | None:
        if context.source is None:
            return Message("action.no-source")
        if context.source.kind is not SourceKind.MAILBOX:
            return Message("action.only-mailboxes")
        return Message("action.offline") if context.offline else None

    async def run(self, context: Context) -> None:
        source = context.source
        if source is None:
            return
        progress = context.ask.progress(_("Testing"))
        try:
            result = await context.session.ask(
                lambda server: server.test_source(source.id), seconds=_SECONDS_TO_SIGN_IN
            )
        finally:
            progress.done()
        context.ask.notify(result_message(result))


class RemoveSourceAction(Action):
    id = "remove-source"
    keys = ("delete",)
    places = _HERE
    menu = 2
    rank = 20

    def name(self) -> str:
        return _("Remove…")

    def help(self) -> str:
        return _("Watches the folder no longer, closes the drop, or forgets the mailbox. What it brought stays.")

    def availability(self, context: Context) -> Message | None:
        return None if context.source else Message("action.no-source")

    async def run(self, context: Context) -> None:
        source = context.source
        if source is None:
            return
        path = clean(source.path)
        if source.kind is SourceKind.FOLDER:
            body = RemoveSource(source_id=source.id, kind=source.kind, path=source.path)
            submit(context, [body], _("{path} is watched no longer.").format(path=path))
            return
        lines = {
            SourceKind.SFTP_DROP: _("Its accounts are gone for good. What it brought stays."),
            SourceKind.MAILBOX: _("Its password is gone for good. What it brought stays, and its mails too."),
        }[source.kind]
        question = ConfirmQuestion(title=path, lines=[lines], button=_("Remove it"), dangerous=True)
        if await context.ask.confirm(question):
            submit(context, [RemoveSource(source_id=source.id)], _("{path} is removed.").format(path=path))


def _cannot_be_changed(context: Context, kind: SourceKind) -> Message | None:
    """Returns why a source of this kind cannot be added or edited now.

    The password of a mailbox is in no command, as commands are kept on this computer: it needs the service.
    """
    return Message("action.offline") if kind is SourceKind.MAILBOX and context.offline else None


async def _folder(context: Context, source: Source | None) -> None:
    texts = {"path": source.path if source else ""}
    filled = await _filled(context, source, SourceKind.FOLDER, texts, _folder_problem)
    path = _there(filled["path"]) if filled is not None else None
    if path is None:
        return
    if any(one.kind is SourceKind.FOLDER and one.path == path for one in context.sources):
        context.ask.notify(Notice(text=_("{watched} is watched already.").format(watched=clean(path))))
        return
    sentence = _("{path} is watched from now on.").format(path=clean(path))
    bodies: list[AddSource | RemoveSource] = [AddSource(source_id=str(uuid.uuid4()), path=path)]
    if source is not None:
        bodies.append(RemoveSource(source_id=source.id, kind=source.kind, path=source.path))
    submit(context, bodies, sentence)


def _folder_problem(texts: Mapping[str, str]) -> TestStep | None:
    """Returns the problem with a folder. The service of this computer would refuse it, too, but later."""
    text = texts.get("path", "")
    if not text or _there(text) is not None:
        return None
    return TestStep(ok=False, field="path", message=message("cli.no-folder", path=text))


def _there(text: str) -> str | None:
    """Returns the whole path of a folder of this computer, or `None` if there is none."""
    path = Path(text).expanduser().absolute()
    return str(path.resolve()) if path.is_dir() else None


async def _drop(context: Context, source: Source | None) -> None:
    values = {"listen": source.path if source else USUAL_DROP}
    filled = await _filled(context, source, SourceKind.SFTP_DROP, values)
    if filled is None or (source is not None and filled["listen"] == source.path):
        return
    address = filled["listen"] or USUAL_DROP
    body = AddSource(source_id=source.id if source else str(uuid.uuid4()), path=address, kind=SourceKind.SFTP_DROP)
    submit(context, [body], _("The SFTP drop listens at {address}.").format(address=clean(address)))


async def _mailbox(context: Context, source: Source | None) -> None:
    """Asks until the mailbox takes the password, or the user leaves. A mailbox that is away is believed."""
    source_id = source.id if source else str(uuid.uuid4())
    known, texts = source, _mailbox_texts(source)
    refusal: TestStep | None = None

    def problem(values: Mapping[str, str]) -> TestStep | None:
        return _mailbox_problem(values) or (None if values.get("password") else refusal)

    while (filled := await _filled(context, known, SourceKind.MAILBOX, texts, problem)) is not None:
        password, sign_in = filled.pop("password", ""), filled.pop("sign_in", "")
        texts = filled
        if _mailbox_problem(texts) is not None:
            continue
        path = _address(texts).text
        move_to = texts.get("move_to", "")
        if known is None or (known.path, known.move_to or "") != (path, move_to):
            since = None if known else context.now.astimezone().date()
            body = AddSource(source_id=source_id, path=path, kind=SourceKind.MAILBOX, since=since, move_to=move_to)
            context.session.act(body, _("Mailbox {path}").format(path=clean(path)))
            await context.session.sync_now()
            known = Source(id=source_id, kind=SourceKind.MAILBOX, path=path, move_to=move_to or None)
        if not password and not sign_in:
            return
        progress = context.ask.progress(_("Signing in"))
        try:
            if sign_in and texts["sign_in_by"] != "password":
                result = await _set_sign_in(context, source_id, sign_in, _provider(texts))
            else:
                result = await _set_password(context, source_id, Secret(password))
        finally:
            progress.done()
        context.ask.notify(result_message(result))
        refused = [step.message for step in result.steps if step.message.code == "mailbox.sign-in-refused"]
        if not refused:
            return
        refusal = TestStep(ok=False, field="password", message=refused[0])


def _mailbox_problem(texts: Mapping[str, str]) -> TestStep | None:
    if not texts.get("host") or not texts.get("user"):
        return None
    try:
        address = _address(texts)
    except WrongMailboxAddress as error:
        return TestStep(ok=False, field="host", message=error.message)
    move_to = texts.get("move_to", "")
    if move_to and not is_usable_to_move_to(move_to, address):
        return TestStep(ok=False, field="move_to", message=message("mailbox.move-to-unusable", folder=move_to))
    return None


def _provider(values: Mapping[str, object]) -> MailboxProvider:
    texts = {name: str(values.get(name) or "").strip() for name in _OF_PROVIDER}
    return MailboxProvider(**texts)


async def _set_sign_in(context: Context, source_id: str, sign_in: str, provider: MailboxProvider) -> TestResult:
    return await context.session.ask(
        lambda server: server.set_mailbox_sign_in(source_id, sign_in, provider), seconds=_SECONDS_TO_SIGN_IN
    )


class MailboxSignIn(FormSignIn):
    """Signs in at the provider of a mailbox, with the form's unsaved values."""

    def __init__(self, context: Context, texts: Mapping[str, str]) -> None:
        super().__init__(context, FormSettings(extension_id=""))
        self._texts = texts

    async def begin(self, field: str, values: Mapping[str, object]) -> SignIn:
        provider = _provider({**self._texts, **values})
        return await self._session.ask(lambda server: server.begin_mailbox_sign_in(provider), seconds=60)


async def _set_password(context: Context, source_id: str, password: Secret) -> TestResult:
    """Gives the service the password, which tries it at the mailbox."""
    return await context.session.ask(
        lambda server: server.set_mailbox_password(source_id, password), seconds=_SECONDS_TO_SIGN_IN
    )


_FILL_IN: Final = {SourceKind.FOLDER: _folder, SourceKind.SFTP_DROP: _drop, SourceKind.MAILBOX: _mailbox}


async def _filled(
    context: Context,
    source: Source | None,
    kind: SourceKind,
    texts: Mapping[str, str],
    problem: Callable[[Mapping[str, str]], TestStep | None] = lambda _texts: None,
) -> dict[str, str] | None:
    """Asks for the settings of a source. Returns all of them as texts, or `None` if the user left.

    Args:
        problem: finds a problem while the user types.
    """
    properties = _PROPERTIES[kind]()

    async def look(values: Mapping[str, object]) -> TestResult:
        found = problem({name: str(value or "").strip() for name, value in values.items()})
        return TestResult(steps=(found,) if found else ())

    form = Form(
        title=[_("Sources"), clean(source.path) if source else _(KIND_NAMES[kind])],
        schema={"type": "object", "properties": properties, "required": _REQUIRED[kind]},
        level="document",
        button=_("Keep") if source else _("Add"),
        values={name: text for name, text in texts.items() if text},
        description={"en": _NOTES[kind]},
        look=look,
        sign_in=MailboxSignIn(context, texts) if kind is SourceKind.MAILBOX else None,
        secrets=("password",) if source and kind is SourceKind.MAILBOX else (),
        step=None if source else (2, 2),
    )
    answer = await context.ask.fill_in(form)
    if answer is None:
        return None
    typed = {name: str(value or "").strip() for name, value in answer.values.items()}
    return {**dict.fromkeys(properties, ""), **texts, **typed}


def _folder_properties() -> dict[str, object]:
    return {"path": _text(N_("Folder"), look="path", example="/srv/scans")}


def _drop_properties() -> dict[str, object]:
    help = N_("127.0.0.1:2022 is for programs of this computer only; 0.0.0.0:2022 is open to the network.")
    return {"listen": _text(N_("Listens at"), help=help, example=USUAL_DROP)}


def _mailbox_properties() -> dict[str, object]:
    by = N_("All but password: in the browser, by an application the firm registered.")
    security = _text(N_("Security"), help=N_("starttls: for servers that encrypt only after the connection."))
    return {
        "host": _text(N_("IMAP server"), help=N_("The mail server (IMAP) of the mailbox."), example="imap.example.be"),
        "security": {**security, "enum": ["tls", "starttls"], "x-look": "choice", "default": "tls"},
        "port": {
            **_text(N_("Port"), help=N_("Empty: 993 for tls, 143 for starttls."), look="port", example="993"),
            "type": "integer",
            "minimum": 1,
            "maximum": 65_535,
        },
        "user": _text(N_("User"), help=N_("The user of the mailbox, mostly its address."), example="in@example.be"),
        "folder": _text(N_("Folder"), help=N_("The folder of the mailbox. Empty: INBOX."), example="INBOX"),
        "move_to": _text(N_("Move to"), help=N_("The folder for mails that were taken. Empty: they stay, as read.")),
        "sign_in_by": {
            **_text(N_("Sign in by"), help=by),
            "enum": ["password", "microsoft", "google", "other"],
            "x-look": "choice",
            "default": "password",
        },
        "password": {
            **_text(N_("Password"), help=N_("It stays with the service, sealed.")),
            "writeOnly": True,
            "x-when": {"sign_in_by": ["password"]},
        },
        **_provider_properties(),
    }


def _provider_properties() -> dict[str, object]:
    page = N_("Empty: the usual one. A directory of the firm's at Microsoft has its own.")
    application = N_("Of the application: a desktop one, registered for http://localhost.")
    secret = N_("Only if the provider gave one with the ID: Google does, Microsoft does not.")
    where = N_("Enter shows where to sign in: once, and again when the sign-in has ended.")
    properties = {
        "client_id": _text(N_("Application ID"), help=application),
        "client_secret": {**_text(N_("App. secret"), help=secret), "writeOnly": True},
        "authorize_url": _text(N_("Sign-in page"), help=page, look="url"),
        "token_url": _text(N_("Token address"), help=N_("Empty: the usual one of microsoft and google."), look="url"),
        "scope": _text(N_("Scope"), help=N_("Empty: reading mail, at microsoft and google.")),
        "sign_in": {
            **_text(N_("Sign-in"), help=where),
            "writeOnly": True,
            "x-look": "sign-in",
        },
    }
    return {name: {**of, "x-when": {"sign_in_by": ["microsoft", "google", "other"]}} for name, of in properties.items()}


_PROPERTIES: Final = {
    SourceKind.FOLDER: _folder_properties,
    SourceKind.SFTP_DROP: _drop_properties,
    SourceKind.MAILBOX: _mailbox_properties,
}
_REQUIRED: Final[Mapping[SourceKind, Sequence[str]]] = {
    SourceKind.FOLDER: ("path",),
    SourceKind.SFTP_DROP: ("listen",),
    SourceKind.MAILBOX: ("host", "user"),
}


def _text(title: str, *, help: str = "", look: str = "", example: str = "") -> dict[str, object]:
    found: dict[str, object] = {"type": "string", "title": title, "x-titles": {"en": title}}
    if help:
        found["x-help"] = {"en": help}
    if look:
        found["x-look"] = look
    if example:
        found["x-example"] = example
    return found


def _mailbox_texts(source: Source | None) -> dict[str, str]:
    if source is None:
        return {}
    try:
        address = read_address(source.path)
    except WrongMailboxAddress:
        return {}
    return {
        "host": address.host,
        "security": _SECURITY_NAMES[address.security],
        "port": "" if address.port == PORTS[address.security] else str(address.port),
        "user": address.user,
        "folder": address.folder,
        "move_to": source.move_to or "",
    }


_SECURITY_NAMES: Final = {
    MailboxSecurity.TLS: "tls",
    MailboxSecurity.STARTTLS: "starttls",
    MailboxSecurity.NONE: "none",
}


def _address(texts: Mapping[str, str]) -> MailboxAddress:
    """Returns the address. Raises `WrongMailboxAddress`."""
    names = {name: security for security, name in _SECURITY_NAMES.items()}
    security = names[texts.get("security") or "tls"]
    address = MailboxAddress(
        host=texts.get("host", ""),
        port=int(texts.get("port") or PORTS[security]),
        user=texts.get("user", ""),
        folder=texts.get("folder") or "INBOX",
        security=security,
    )
    return read_address(address.text)
