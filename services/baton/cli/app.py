"""The `baton` command, put together. Each command imports what it needs when it is called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from baton.cli import alerts, audit, ledger, rejected, silence, topics, users
from baton.cli import policy as policies
from baton.cli.doctor import doctor
from baton.cli.emit import emit
from baton.cli.exits import EPILOG, INTERRUPTED, told_of
from baton.cli.explain import explain
from baton.cli.options import (
    Brokers,
    PolicyFile,
    Prefix,
    kafka_settings_of,
    policy_of,
    reaching,
    settings_of,
    text_of,
)
from baton.cli.output import console, say
from baton.cli.reconcile import reconcile
from baton.cli.replay import replay
from baton.cli.simulate import simulate
from baton.cli.watch import watch


class Commands(TyperGroup):
    """Turns what a person can mend into one sentence and an exit code; a fault of ours keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own types are private
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            told = told_of(error)
            if told is None:
                raise
            say(str(told))
            raise typer.Exit(told.code) from None


app = typer.Typer(
    cls=Commands,
    name="baton",
    no_args_is_help=True,
    help="Watches for the safeguarding event that should have come and did not.",
    epilog=EPILOG,
    rich_markup_mode="markdown",
    # A traceback with the values of variables could show what agencies sent.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SEE, _ASK, _RUN = "Tell and watch", "Ask", "Set up and run"
_EMIT = {"allow_extra_args": True, "ignore_unknown_options": True}

app.command(rich_help_panel=_SEE, context_settings=_EMIT)(emit)
app.command(rich_help_panel=_SEE)(watch)
alerts.app.command()(reconcile)
app.add_typer(alerts.app, name="alerts", rich_help_panel=_SEE)
app.add_typer(silence.app, name="silence", rich_help_panel=_SEE)
app.command(rich_help_panel=_ASK)(explain)
app.command(rich_help_panel=_ASK)(replay)
app.command(rich_help_panel=_ASK)(simulate)
app.add_typer(policies.app, name="policy", rich_help_panel=_ASK)
app.add_typer(audit.app, name="audit", rich_help_panel=_ASK)
app.command(rich_help_panel=_RUN)(doctor)
app.add_typer(topics.app, name="topics", rich_help_panel=_RUN)
app.add_typer(users.app, name="users", rich_help_panel=_RUN)
app.add_typer(rejected.app, name="rejected", rich_help_panel=_RUN)
app.add_typer(ledger.app, name="ledger", rich_help_panel=_RUN)


@app.command(rich_help_panel=_RUN)
def up(
    workers: Annotated[int, typer.Option(min=1, max=16, help="How many workers.")] = 1,
    kafka_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the local Kafka; 0 takes a free one.")
    ] = 0,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Run all of baton here, in the foreground: Kafka, topics, workers, clock, watchdog. Ctrl-C ends it.

    With BATON_BROKERS set, that Kafka is used and none is started.
    """
    settings = settings_of(None, prefix, policy)
    policy_of(settings)
    with reaching(settings):
        from baton.cli.up import run_up

        raise typer.Exit(run_up(settings, workers=workers, kafka_port=kafka_port, say=say))


@app.command(rich_help_panel=_RUN)
def demo(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenarios to play. (Left out: both reviews.)", show_default=False),
    ] = None,
    policy: PolicyFile = None,
) -> None:
    """Play what both reviews describe on a real Kafka, years in seconds, and show each alert.

    Exit code 1 if the alerts are not the expected ones. It ends by itself and leaves nothing running.
    """
    settings = settings_of(None, None, policy)
    policy_of(settings)
    with reaching(settings):
        from baton.cli.demo import STORIES, run_demo
        from baton.localkafka.needs import PROJECT

        stories = files or [PROJECT / story for story in STORIES]
        for story in stories:
            text_of(story, "the scenario")
        raise typer.Exit(run_demo(settings, stories, console()))


@app.command(rich_help_panel=_RUN)
def worker(brokers: Brokers = None, prefix: Prefix = None, policy: PolicyFile = None) -> None:
    """Run a worker: it reads events, judges them and writes alerts. A background service."""
    settings = kafka_settings_of(brokers, prefix, policy)
    policy_of(settings)
    from baton.cli.worker import run_worker

    run_worker(settings)


@app.command("console", rich_help_panel=_RUN)
def serve_console(
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65_535,
            help="Its port; 0 takes a free one. [default: BATON_CONSOLE_PORT]",
            show_default=False,
        ),
    ] = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Serve the operators' pages, on loopback; `baton users add` makes who may sign in. A background service."""
    settings = kafka_settings_of(brokers, prefix, policy)
    if port is not None:
        settings = replace(settings, console_port=port)
    from baton.cli.console import run_console_service

    with reaching(settings):
        run_console_service(settings)


@app.command(rich_help_panel=_RUN)
def clock(brokers: Brokers = None, prefix: Prefix = None) -> None:
    """Run the clock: a tick into every source topic, about once a second. A background service."""
    from baton.cli.clock import run_clock_service

    run_clock_service(kafka_settings_of(brokers, prefix))


@app.command(rich_help_panel=_RUN)
def watchdog(brokers: Brokers = None, prefix: Prefix = None, policy: PolicyFile = None) -> None:
    """Run the watchdog: it says when baton is blind, because a dead worker cannot. A background service.

    While nothing is judged for longer than BATON_BLIND_AFTER, the alert `pipeline-blind` stands.
    """
    settings = kafka_settings_of(brokers, prefix, policy)
    policy_of(settings)
    from baton.cli.watchdog import run_watchdog_service

    run_watchdog_service(settings)


@app.command(rich_help_panel=_RUN)
def notify(brokers: Brokers = None, prefix: Prefix = None, policy: PolicyFile = None) -> None:
    """Run what tells people of alerts, by e-mail, Teams, webhook or GOV.UK Notify. A background service.

    Whom, BATON_RECIPIENTS_FILE says; one of it is enough, and a second takes over from the first.
    """
    settings = kafka_settings_of(brokers, prefix, policy)
    from baton.cli.notify import run_notify_service

    run_notify_service(settings, policy_of(settings))
