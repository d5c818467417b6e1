"""`baton topics`: create and check the topics of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from baton.cli.exits import DIFFERS
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import counted, print_json, say
from baton.runtime.settings import REPLICATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton.topics import Difference

app = typer.Typer(no_args_is_help=True, help="Create or check the topics that baton needs.")

Replication = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=9,
        metavar="COUNT",
        help="Copies of each topic. [default: BATON_REPLICATION, else 3]",
        show_default=False,
    ),
]


@app.command()
def apply(
    replication: Replication = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Create the topics that are missing. Topics that are there are never altered.

    Where one of them is not as the catalogue says, nothing is created: the difference is shown and
    the exit code is 1. Nor is anything created where the cluster has fewer brokers than there shall be
    copies: topics keep for good the number that they are created with.
    """
    settings = kafka_settings_of(brokers, prefix)
    copies = replication or settings.replication
    with reaching(settings):
        from baton import topics

        try:
            created = topics.apply(settings.brokers, settings.topic_prefix, replication=copies)
        except topics.TopicsDifferError as error:
            _show(error.differences, json=json)
            say("Nothing was created: mend what differs (`kafka-configs.sh`), or choose a prefix.")
            _say_of_copies(error.differences)
            raise typer.Exit(DIFFERS) from None
    for name in created:
        if json:
            print_json({"topic": name, "created": True})
        else:
            print(f"created {name}")  # noqa: T201 - a command prints
    say(
        f"{counted(len(created), 'topic')} created."
        if created
        else "All topics are there and right."
    )


@app.command()
def check(
    replication: Replication = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Compare the cluster's topics with the catalogue. Exit code 1 where they differ."""
    settings = kafka_settings_of(brokers, prefix)
    copies = replication or settings.replication
    with reaching(settings):
        from baton import topics

        found = topics.check(settings.brokers, settings.topic_prefix, replication=copies)
        alive = topics.cluster_size(settings.brokers) if copies < REPLICATION else 0
    _show(found, json=json)
    if copies < REPLICATION <= alive:
        say(
            f"The {alive} brokers could keep {REPLICATION} copies of each topic, and {copies} would do for this check:"
            f" set BATON_REPLICATION to {REPLICATION}, and check again."
        )
    if not found:
        say("All topics are there and right.")
        return
    if any(each.what == "missing" for each in found):
        say("`baton topics apply` creates what is missing.")
    _say_of_copies(found)
    raise typer.Exit(DIFFERS)


def _say_of_copies(differences: Sequence[Difference]) -> None:
    """Say what else may be wrong where topics have another number of copies: what was asked for."""
    if any(each.what == "replication" for each in differences):
        say(
            "If that many copies are meant (1 with one broker), set BATON_REPLICATION to it; how to add copies, "
            "docs/operating.md says."
        )


def _show(differences: Sequence[Difference], *, json: bool) -> None:
    for each in differences:
        if json:
            print_json(
                {
                    "topic": each.topic,
                    "what": each.what,
                    "wanted": each.wanted,
                    "found": each.found,
                }
            )
        else:
            print(each)  # noqa: T201 - a command prints
