"""`baton simulate`: invented histories to try baton on, with what was sown in them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Json
from baton.cli.output import console, print_json

if TYPE_CHECKING:
    from baton.simulate import Plan
    from baton.simulate.shards import Shard

AUTHORITIES = 153


def simulate(
    folder: Annotated[
        Path, typer.Argument(help="Where the logs and the truths are written.", show_default=False)
    ],
    *,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    authority: Annotated[
        str, typer.Option(metavar="NAME", help="The authority whose history it is.")
    ] = "local",
    nation: Annotated[
        bool, typer.Option("--nation", help="England's 153 authorities, a log for each.")
    ] = False,
    years: Annotated[float, typer.Option(min=0.01, max=100, help="How long it goes on.")] = 1.0,
    begin: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day.")
    ] = datetime(2021, 1, 1),  # noqa: DTZ001 (a day)
    events: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many events in all.", show_default=False),
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.001, max=100, help="Multiplies an authority's volumes.")
    ] = 1.0,
    failures: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]RATE",
            help="How often what can go wrong does: all of it, or one kind; may be repeated."
            " [default: 0.05]",
            show_default=False,
        ),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many write at a time.")] = 1,
    avro: Annotated[
        bool, typer.Option("--avro", help="Write each log also as .avro, which is smaller.")
    ] = False,
    json: Json = False,
) -> None:
    """Make invented multi-agency histories, and write down apart what was sown in them.

    For each authority FOLDER gets log-NAME.ndjson, which `baton replay` reads, and
    truth-NAME.ndjson: what was sown, and the alert that must follow.
    """
    from baton.replay.logs import read_log, write_avro
    from baton.simulate import Plan
    from baton.simulate.shards import Shard, write_all

    plan = Plan(seed=seed, authority=authority, begin=begin.date(), years=years)
    plan = replace(plan, volumes=plan.volumes.scaled(scale), failures=_rates(plan, failures))
    names = [f"la-{number:03}" for number in range(1, AUTHORITIES + 1)] if nation else [authority]
    most = None if events is None else -(-events // len(names))
    shards = [Shard(replace(plan, authority=name, events=most), folder) for name in names]
    _check(shards)
    _make(folder)
    began = time.perf_counter()
    total = 0
    for shard, count in write_all(shards, processes):
        total += count
        if avro:
            write_avro(shard.log.with_suffix(".avro"), read_log(shard.log))
        if json:
            row = {"log": str(shard.log), "truth": str(shard.truth), "events": count}
            print_json({**row, "authority": shard.plan.authority, "seed": seed})
    if not json:
        took = time.perf_counter() - began
        console().print(
            f"{total:,} events of {len(shards)} authorities in {folder}: {took:.1f} s,"
            f" {total / took:,.0f} events/s."
        )


def _rates(plan: Plan, given: list[str] | None) -> dict[str, float]:
    """Read --failures. Raises CommandError."""
    from baton.engine.toml_lines import did_you_mean
    from baton.simulate import FAILURES

    rates = dict(plan.failures)
    for each in given or ():
        name, _, text = each.rpartition("=")
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0.0 <= rate <= 1.0:
            message = f"--failures {each}: the rate must be a number from 0 to 1."
            raise CommandError(message, WRONG)
        if name and name not in FAILURES:
            message = f"--failures {each}: no such failure; {did_you_mean(name, FAILURES)}"
            raise CommandError(message, WRONG)
        rates |= dict.fromkeys([name] if name else FAILURES, rate)
    return rates


def _check(shards: list[Shard]) -> None:
    """See that the authorities' names may be told and be part of a file's. Raises CommandError and InvalidEvent."""
    from baton.contract.pointers import check_pointers

    for shard in shards:
        name = shard.plan.authority
        check_pointers({"authority": name})
        if "/" in name:
            message = f"--authority {name}: the name is part of a file's: no slash."
            raise CommandError(message, WRONG)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"Cannot write into {folder}: {error.strerror or error}."
        raise CommandError(message, WRONG) from error
