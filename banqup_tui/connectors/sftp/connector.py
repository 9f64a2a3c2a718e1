"""Connector for SFTP servers: uploads under a hidden name and renames; the rename fails if the name is taken.

The server's host key is always compared with the fingerprint in the settings. asyncssh is imported on first use.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import msgspec

from banqup_tui.connectors.common.path_template import FileName, fill, name_problems
from banqup_tui.connectors.common.pdf_along import PdfAlong
from banqup_tui.connectors.interface import (
    NO_SECRET,
    Channel,
    DeliveryRequest,
    Entered,
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
from banqup_tui.presentation.words import N_


class SftpSettings(Settings, frozen=True, kw_only=True):
    host: Annotated[str, setting(N_("Host"), look="host", example="sftp.example.be")]
    port: Annotated[int, setting(N_("Port"), look="port"), msgspec.Meta(ge=1, le=65535)] = 22
    user: Annotated[str, setting(N_("User"))]
    password: Annotated[Secret, setting(N_("Password"), secret=True)] = NO_SECRET
    path: Annotated[
        str,
        setting(
            N_("Path"),
            help=N_("The folder on the server. It is made when it is not there."),
            look="path",
            template=True,
        ),
    ]
    file_name: FileName = ""
    host_key: Annotated[
        str,
        setting(N_("Host key"), help=N_("SHA256:…, the key's fingerprint. The test shows it: compare it with theirs.")),
    ] = ""
    private_key: Annotated[
        Secret,
        setting(
            N_("Private key"), help=N_("In place of the password: the text of an OpenSSH or PEM key."), secret=True
        ),
    ] = NO_SECRET
    passphrase: Annotated[
        Secret,
        setting(N_("Passphrase"), help=N_("Of the private key, if it has one."), secret=True),
    ] = NO_SECRET
    flush: Annotated[
        bool,
        setting(N_("Flush to disk"), help=N_("Documents are on the server's disk before they get their name. Slower.")),
    ] = False
    pdf_along: PdfAlong = False


class Sftp:
    """Delivers to an SFTP server."""

    manifest = Manifest(
        id="sftp",
        title=N_("SFTP"),
        description=N_("Puts each document as a file on an SFTP server, from where other software reads it."),
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
        concurrency=128,
    )
    settings = SftpSettings

    def destination(self, settings: SftpSettings) -> str:
        return f"sftp://{settings.user}@{settings.host.lower()}:{settings.port}/{settings.path}"

    def where(self, settings: SftpSettings, delivery_request: DeliveryRequest) -> str:
        return fill(settings.path, delivery_request, settings.file_name).path

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
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
