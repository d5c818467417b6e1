"""`baton silence`: let steps of telling wait, for a reason and until an end; the alerts stand, and are listed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from baton.engine.life import Matcher
    from baton.reading import StatedSilence
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

    It holds no longer than the policy allows, and never hides that an alert becomes more serious. One that matches
    no alert now is told all the same: it may match later ones.
    """
    from baton.cli.acts import act, tell, until_of
    from baton.cli.alerts import standing
    from baton.engine.life import Matcher, UnreadableMatcherError
    from baton.reading import matching

    try:
        read = Matcher.read(matcher)
    except UnreadableMatcherError as error:
        raise CommandError(f"The matcher {error}.", WRONG) from None
    _check_values(read)
    ends = until_of(until, datetime.now(UTC))
    settings = kafka_settings_of(brokers, prefix)
    count = len(matching(matcher, authority, standing(settings).values()))
    say(
        f"It matches {counted(count, 'open alert')} of {authority} now."
        if count
        else f"It matches no open alert of {authority} now; later ones that match are silenced."
    )
    told = act("AlertsSilenced", by, authority, agency, matcher=matcher, until=ends, why=why)
    with reaching(settings):
        tell(settings, told)
    say(f"Silenced, unless it ends before: `baton silence end {told.event_id}`.")


@app.command("list")
def list_silences(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Ended ones, and those that never held, too.")
    ] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """List the silences that hold, with who made each, why, and when it ends at the latest.

    Policy has a longest for each severity: for an alert a silence may end sooner, and `alerts show` says when.
    """
    from rich.table import Table

    from baton.contract import codec
    from baton.wording import local, words

    found = _silences(kafka_settings_of(brokers, prefix))
    now = datetime.now(UTC)
    shown = [each for each in found if everything or each.holds(now)]
    if json:
        for each in shown:
            how = {"ended_by": each.ended_by, "refused": each.refused}
            print_json(codec.to_json("AlertsSilenced", each.stated) | how)
        return
    if shown:
        table = Table(box=None, pad_edge=False)
        for name in ("at most until", "which", "why", "by", "id"):
            table.add_column(name, overflow="fold")
        for each in shown:
            told, ends = each.stated, local(each.stated["until"])
            if each.refused:
                ends = f"never held: {words(each.refused)}"
            elif each.ended_by:
                ends = f"ended by {each.ended_by}"
            table.add_row(ends, told["matcher"], told["why"], told["by"], told["event_id"])
        console().print(table)
    sooner = " For an alert, policy may end one sooner: `baton alerts show` says when."
    say(f"{counted(len(shown), 'silence')}.{sooner if shown else ''}")


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
    found = [each for each in _silences(settings) if each.stated["event_id"] == silence]
    if not found:
        raise CommandError(f"There is no silence {silence}: `baton silence list` has them.", WRONG)
    if not found[0].holds(datetime.now(UTC)):
        raise CommandError(f"{_over(found[0])}: there is nothing to end.", WRONG)
    told = found[0].stated
    with reaching(settings):
        tell(settings, act("SilenceEnded", by, told["authority"], told["agency"], silence=silence))
    say("Ended.")


def _check_values(matcher: Matcher) -> None:
    """Refuse a matcher with a value that no alert can have: it would be taken, and silence nothing.

    Keys of teams, persons and cases are the agencies' own: of them nothing is known. Raises CommandError.
    """
    from baton.contract import codec
    from baton.contract.topics import AGENCIES
    from baton.engine.policy_file import SEVERITIES
    from baton.engine.toml_lines import did_you_mean
    from baton.rules.register import RULES
    from baton.wording import OF_NO_RULE

    about = next(each for each in codec.schema("Alert")["fields"] if each["name"] == "about")
    kind = next(each for each in about["type"]["fields"] if each["name"] == "kind")
    known = {
        "rule": (*RULES, *OF_NO_RULE),
        "about_kind": tuple(kind["type"]["symbols"]),
        "severity": tuple(each.removeprefix("severity-") for each in SEVERITIES),
        "agency": AGENCIES,
    }
    for name, values in matcher.wanted:
        for value in sorted(values):
            if "*" in value:
                message = (
                    f"{name}={value} would silence nothing: there are no wildcards. To mean every"
                    f" {name}, leave it out."
                )
                raise CommandError(message, WRONG)
            if name in known and value not in known[name]:
                hint = did_you_mean(value, known[name])
                raise CommandError(f"{name}={value} would silence nothing: {hint}", WRONG)


def _over(silence: StatedSilence) -> str:
    """Say why a silence does not hold, with its time."""
    from baton.wording import local, words

    name = f"The silence {silence.stated['event_id']}"
    if silence.refused is not None:
        return f"{name} never held ({words(silence.refused)})"
    if silence.ended_at is not None:
        return f"{name} was ended by {silence.ended_by} at {local(silence.ended_at)}"
    return f"{name} ended by itself at {local(silence.stated['until'])}"


def _silences(settings: Settings) -> list[StatedSilence]:
    """Return every silence that was ever stated, the one that ends last first."""
    from baton.contract.topics import ALERT_ACTIONS, prefixed
    from baton.reading import Reader, silences

    topic = prefixed(settings.topic_prefix, ALERT_ACTIONS.name)
    with reaching(settings), Reader(settings.brokers, topic) as reader:
        found = silences(reader.to_end())
    return sorted(found, key=lambda each: each.stated["until"], reverse=True)
