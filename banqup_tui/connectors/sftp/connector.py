"""Connector for SFTP servers: uploads under a hidden name and renames; the rename fails if the name is taken.

The server's host key is always compared with the fingerprint in the settings. asyncssh is imported on first use.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec

from banqup_tui.connectors.common.path_template import FileName, fill, name_problems
from banqup_tui.connectors.interface import (
    NO_SECRET,
    Channel,
    DeliveryRequest,
    Manifest,
    SettingProblem,
    Settings,
    Step,
    failed_step,
    setting,
)
from banqup_tui.connectors.sftp.host_key import fingerprints_of
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret


class SftpSettings(Settings, frozen=True, kw_only=True):
    host: Annotated[str, setting("Host", "Serveur", look="host", example="sftp.example.be")]
    port: Annotated[int, setting("Port", "Port", look="port"), msgspec.Meta(ge=1, le=65535)] = 22
    user: Annotated[str, setting("User", "Utilisateur")]
    password: Annotated[Secret, setting("Password", "Mot de passe", secret=True)] = NO_SECRET
    path: Annotated[
        str,
        setting(
            "Path",
            "Chemin",
            look="path",
            template=True,
            help_en="The folder on the server. It is made when it is not there.",
            help_fr="Le dossier sur le serveur. Il est créé s'il n'existe pas.",
        ),
    ]
    file_name: FileName = ""
    host_key: Annotated[
        str,
        setting(
            "Host key",
            "Clé du serveur",
            help_en="SHA256:…, the key's fingerprint. The test shows it: compare it with theirs.",
            help_fr="L'empreinte de la clé, SHA256:… Le test la montre : comparez-la à la leur.",
        ),
    ] = ""
    private_key: Annotated[
        Secret,
        setting(
            "Private key",
            "Clé privée",
            secret=True,
            help_en="In place of the password: the text of an OpenSSH or PEM key.",
            help_fr="À la place du mot de passe : le texte d'une clé OpenSSH ou PEM.",
        ),
    ] = NO_SECRET
    passphrase: Annotated[
        Secret,
        setting(
            "Passphrase",
            "Phrase de passe",
            secret=True,
            help_en="Of the private key, if it has one.",
            help_fr="De la clé privée, si elle en a une.",
        ),
    ] = NO_SECRET
    flush: Annotated[
        bool,
        setting(
            "Flush to disk",
            "Sur le disque",
            help_en="Documents are on the server's disk before they get their name. Slower.",
            help_fr="Le document est sur le disque du serveur avant d'avoir son nom (plus lent).",
        ),
    ] = False


class Sftp:
    """Delivers to an SFTP server."""

    manifest = Manifest(
        id="sftp",
        title={"en": "SFTP"},
        description={
            "en": "Puts each document as a file on an SFTP server, from where other software reads it.",
            "fr": "Dépose chaque document comme fichier sur un serveur SFTP, où un autre logiciel le lit.",
            "nl": "Zet elk document als bestand op een SFTP-server, waar andere software het leest.",
            "de": "Legt jedes Dokument als Datei auf einem SFTP-Server ab, von wo andere Software es liest.",
        },
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
        concurrency=128,
        carried=True,
    )
    settings = SftpSettings

    def destination(self, settings: SftpSettings) -> str:
        return f"sftp://{settings.user}@{settings.host.lower()}:{settings.port}/{settings.path}"

    def where(self, settings: SftpSettings, delivery_request: DeliveryRequest) -> str:
        return fill(settings.path, delivery_request, settings.file_name).path

    def check(self, entered: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(entered.get("file_name", ""))
        if entered.get("host_key") and not fingerprints_of(entered["host_key"]):
            problems.append(SettingProblem(field="host_key", message=message("setting.fingerprint")))
        if complete and not entered.get("password") and not entered.get("private_key"):
            problems.append(SettingProblem(field="password", message=message("setting.password-or-key-missing")))
        return problems

    @asynccontextmanager
    async def connect(self, settings: SftpSettings) -> AsyncIterator[Channel]:
        from banqup_tui.connectors.sftp.channel import SftpChannel
        from banqup_tui.connectors.sftp.session import opened_for

        async with opened_for(settings) as sessions:
            yield SftpChannel(settings, sessions)

    async def test(self, settings: SftpSettings, sample: DeliveryRequest | None) -> list[Step]:
        from banqup_tui.connectors.sftp.channel import probe
        from banqup_tui.connectors.sftp.session import opened_for

        started = time.monotonic()
        steps: list[Step] = []
        try:
            async with opened_for(settings) as sessions:
                took = time.monotonic() - started
                steps.append(Step(ok=True, message=message("sftp.signed-in", took=round(took * 1000))))
                await probe(sessions.first, settings, sample)
        except BanqupError as error:
            return [*steps, failed_step(error)]
        return [*steps, Step(ok=True, message=Message("connection.file-written"))]
