"""`banqup sources`: add, list, remove."""

from __future__ import annotations

import uuid
from pathlib import Path

import click
import msgspec

from banqup_tui.cli.acting import SECONDS_TO_ANSWER, told
from banqup_tui.cli.house import House, NotThere, Tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.running import as_json, in_house, pass_tools
from banqup_tui.domain.source import Source
from banqup_tui.protocol.commands import AddSource, RemoveSource


@click.group()
def command() -> None:
    """Folders that are watched for documents."""


@command.command()
@click.argument("kind", type=click.Choice(["folder"]))
@click.argument("path", type=click.Path(path_type=Path))
@pass_tools
def add(tools: Tools, kind: str, path: Path) -> int:
    """Watch the folder PATH: whatever appears below it is taken, as by import. Banqup's own exports are known."""
    watched = path.expanduser().absolute()
    if not watched.is_dir():
        raise NotThere(f"There is no folder {watched}.", "Make it first, or look at the path.")

    async def work(house: House) -> int:
        if any(Path(one.path) == watched for one in house.sources()):
            say(f"{watched} is watched already.")
            return 0
        source_id = str(uuid.uuid4())
        key = house.doing.act(AddSource(source_id=source_id, path=str(watched)))
        code = told(house, await house.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(f"{watched} is watched. banqup sources list shows how many it brought.")
        return code

    return in_house(tools, work)


@command.command("list")
@as_json
@pass_tools
def list_sources(tools: Tools, json: bool) -> int:
    """What is watched, how many documents it brought, and what is wrong."""

    async def work(house: House) -> int:
        if json:
            print_array(msgspec.to_builtins(source) for source in house.sources())
        else:
            columns = ("Id", "Path", "Taken", "Refused", "Problem")
            print_table(columns, [_line(source) for source in house.sources()], right=(2, 3))
        return 0

    return in_house(tools, work)


def _line(source: Source) -> tuple[str, ...]:
    return (source.id, source.path, str(source.taken), str(source.refused), source.problem or "–")


@command.command()
@click.argument("source_id", metavar="ID")
@pass_tools
def remove(tools: Tools, source_id: str) -> int:
    """Watch it no longer. What it brought stays."""

    async def work(house: House) -> int:
        if not any(one.id == source_id for one in house.sources()):
            raise NotThere(f"There is no source {source_id}.", "banqup sources list shows them.")
        key = house.doing.act(RemoveSource(source_id=source_id))
        code = told(house, await house.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say("It is watched no longer.")
        return code

    return in_house(tools, work)
