"""`baton silence`: let steps of telling wait, for a reason and until an end; the alerts stand, and are listed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from baton.reading import Message
    from baton.runtime.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Let nobody be told for a while, say why, and list what is silenced.",
)

By = Annotated[str, typer.Option("--by", envvar="BATON_OPERATOR", help="Your key, never a name.")]


@app.command()
def add(
    matcher: Annotated[
        str, typer.Argument(help="Which alerts: pairs such as rule=block-transfer,about=team-1.")
    ],
    *,
    until: Annotated[str, typer.Option(metavar="2h|2026-03-02T17:00", help="When it ends.")],
    why: Annotated[str, typer.Option(help="Why, in general words: no name and no story.")],
    by: By,
    authority: Annotated[str, typer.Option(help="The area whose alerts are meant.")] = "local",
    agency: Annotated[str, typer.Option(help="Your agency.")] = "childrens_social_care",
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Silence alerts that match: they are raised, shown and listed, and their steps of telling wait.

    It holds no longer than the policy allows, and never hides that an alert becomes more serious.
    """
    from baton.cli.acts import act, tell, until_of
    from baton.engine.life import Matcher, UnreadableMatcherError

    try:
        Matcher.read(matcher)
    except UnreadableMatcherError as error:
        raise CommandError(f"The matcher {error}.", WRONG) from None
    settings = kafka_settings_of(brokers, prefix)
    ends = until_of(until, datetime.now(UTC))
    told = act("AlertsSilenced", by, authority, agency, matcher=matcher, until=ends, why=why)
    with reaching(settings):
        tell(settings, told)
    say(f"Silenced, unless it ends before: `baton silence end {told.event_id}`.")


@app.command("list")
def list_silences(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """List the silences that hold, with who made each, why, and when it ends."""
    from rich.table import Table

    from baton.contract import codec
    from baton.wording import local

    silences = _silences(kafka_settings_of(brokers, prefix))
    now = datetime.now(UTC)
    shown = [each for each in silences if everything or _holds(each, now)]
    if json:
        for each in shown:
            print_json(
                codec.to_json("AlertsSilenced", each["silence"]) | {"ended_by": each["ended_by"]}
            )
        return
    if shown:
        table = Table(box=None, pad_edge=False)
        for name in ("until", "which", "why", "by", "id"):
            table.add_column(name, overflow="fold")
        for each in shown:
            told = each["silence"]
            ended = f"ended by {each['ended_by']}" if each["ended_by"] else local(told["until"])
            table.add_row(ended, told["matcher"], told["why"], told["by"], told["event_id"])
        console().print(table)
    say(f"{counted(len(shown), 'silence')}.")


@app.command()
def end(
    silence: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, from `baton silence list`.")
    ],
    *,
    by: By,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """End a silence before its time: the steps that waited are told."""
    from baton.cli.acts import act, tell

    settings = kafka_settings_of(brokers, prefix)
    found = [each for each in _silences(settings) if each["silence"]["event_id"] == silence]
    if not found or not _holds(found[0], datetime.now(UTC)):
        raise CommandError(f"No silence {silence} holds: `baton silence list` has them.", WRONG)
    told = found[0]["silence"]
    with reaching(settings):
        tell(settings, act("SilenceEnded", by, told["authority"], told["agency"], silence=silence))
    say("Ended.")


def _holds(silence: Mapping[str, Any], now: datetime) -> bool:
    until: datetime = silence["silence"]["until"]
    return silence["ended_by"] is None and until > now


def _silences(settings: Settings) -> list[dict[str, Any]]:
    from baton.contract.topics import ALERT_ACTIONS, prefixed
    from baton.reading import Reader

    topic = prefixed(settings.topic_prefix, ALERT_ACTIONS.name)
    with reaching(settings), Reader(settings.brokers, topic) as reader:
        return silences_in(reader.to_end())


def silences_in(batches: Iterable[Iterable[Message]]) -> list[dict[str, Any]]:
    """Return every silence in what was told, with who ended it before its time, the one that ends last first."""
    from baton.contract import codec

    asked: dict[str, dict[str, Any]] = {}
    ended: dict[str, str] = {}
    for batch in batches:
        for message in batch:
            try:
                name, fields = codec.decode(message.value)
            except codec.InvalidEvent:
                continue  # Among the rejected, where it is counted.
            if name == "AlertsSilenced":
                asked.setdefault(fields["event_id"], fields)
            elif name == "SilenceEnded":
                ended.setdefault(fields["silence"], fields["by"])
    found = [{"silence": each, "ended_by": ended.get(key)} for key, each in asked.items()]
    return sorted(found, key=lambda each: each["silence"]["until"], reverse=True)
