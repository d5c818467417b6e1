"""`baton demo`: what both reviews describe, told again to a real Kafka, and what baton says of it."""

from __future__ import annotations

import os
import secrets
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.panel import Panel
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from baton import topics, wording
from baton.agents.pseudonym import Pseudonyms, make_key, read_key
from baton.cli.playback import Stage
from baton.cli.supervisor import Supervisor
from baton.engine.alert_record import alert_of
from baton.localkafka import use_kafka
from baton.replay.expect import differences
from baton.replay.scenario import PolicyText, read_scenario
from baton.rules.working_days import LONDON
from baton.runtime.logs import configure_logs
from baton.wording import lived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from baton.replay.scenario import Scenario
    from baton.runtime.settings import Settings

STORIES: Final = (
    "tests/scenarios/baby-c-leicestershire-and-rutland.toml",
    "tests/scenarios/sunderland-block-transfer.toml",
)
FACTS_SHOWN: Final = 4
"""Of more facts than these, the first are shown and the rest counted."""
ONE_DAY: Final = timedelta(days=1)
JUDGED_WITHIN: Final = 60.0
"""Seconds after which a story that is not judged to its end is given up."""


def run_demo(settings: Settings, files: list[Path], console: Console) -> int:
    """Play each story; return 0 when the alerts are the expected ones, 1 when not.

    Raises LocalKafkaError, Mistakes, KafkaError or OSError for what a person must mend.
    """
    configure_logs(settings.log_format, "demo")
    policy = PolicyText(settings.policy.read_text(encoding="utf-8"), str(settings.policy))
    scenarios = [
        read_scenario(file.read_text(encoding="utf-8"), str(file), policy) for file in files
    ]
    as_expected = True
    with use_kafka(settings.data_dir / "kafka") as brokers:
        for scenario in scenarios:
            as_expected &= _Show(settings, brokers, scenario, console).play()
    return 0 if as_expected else 1


class _Show:
    """One story on a Kafka of its own topics."""

    def __init__(
        self, settings: Settings, brokers: str, scenario: Scenario, console: Console
    ) -> None:
        self._settings = settings
        self._brokers = brokers
        self._scenario = scenario
        self._console = console
        self._told = Told(console)

    def play(self) -> bool:
        scenario, console = self._scenario, self._console
        console.print(Line(Text(scenario.title)))
        if scenario.review:
            console.print(Text(scenario.review, style="dim"))
        folder = self._settings.data_dir / "demo"
        make_key(folder / "pseudonym.key")
        stage = Stage.prepare(
            self._brokers, f"demo-{secrets.token_hex(4)}-", self._environment(folder)
        )
        with (
            (folder / "worker.log").open("ab") as log,
            Supervisor() as supervisor,
            stage.alerts() as alerts,
            stage.feed() as feed,
        ):
            stage.start_worker(supervisor, output=log)
            begin = scenario.told[0].received_at - ONE_DAY if scenario.told else scenario.until
            feed.tick(begin)
            judged = self._judged(stage, begin - ONE_DAY, supervisor)
            for moment, records in feed.play(scenario.told, scenario.until) if judged else ():
                for each in records:
                    when = f"{moment.astimezone(LONDON):%a %d %b %Y %H:%M}"
                    said = f"{when}  {wording.agency(each.fields['agency'])}: {each.record}"
                    console.print(Text(said, style="dim"))
                self._show(next(alerts))
            if not (judged and self._judged(stage, scenario.until, supervisor)):
                console.print(
                    Text(f"the worker does not judge: see {folder / 'worker.log'}", style="red")
                )
                return False
            self._drain(alerts)
            self._told.end()
        topics.remove(self._brokers, stage.prefix)
        return self._compare(Pseudonyms(read_key(folder / "pseudonym.key")))

    def _judged(self, stage: Stage, until: datetime, supervisor: Supervisor) -> bool:
        gives_up_at = time.monotonic() + JUDGED_WITHIN
        return stage.wait_until_judged(
            until, lambda: supervisor.failed.is_set() or time.monotonic() > gives_up_at
        )

    def _environment(self, folder: Path) -> dict[str, str]:
        return {**os.environ} | {
            "BATON_POLICY": str(self._settings.policy),
            "BATON_PSEUDONYM_KEY_FILE": str(folder / "pseudonym.key"),
            "BATON_LOG_FORMAT": "json",
            "BATON_HEALTH_PORT": "0",
        }

    def _drain(self, alerts: Iterator[list[dict[str, Any]]]) -> None:
        while batch := next(alerts):
            self._show(batch)

    def _show(self, batch: list[dict[str, Any]]) -> None:
        for alert in batch:
            if alert["rule"] in self._scenario.rules:
                self._told.show(alert)

    def _compare(self, pseudonyms: Pseudonyms) -> bool:
        """Say whether what was found is what the story expects."""
        told = {
            pseudonyms.of(person): person["value"]
            for each in self._scenario.told
            for person in _persons(each.fields)
        }
        standing = [alert_of(fields) for fields in self._told.newest.values()]
        found = differences(self._scenario, standing, lambda key: told.get(key, key))
        for difference in found:
            self._console.print(Text(difference, style="red"))
        if not found:
            said = f"as expected: {len(standing)} alerts, and no others"
            self._console.print(Text(said, style="green"))
        self._console.print()
        return not found


class Told:
    """The alerts of a story as they were told, and the showing of what is new in each.

    Nobody takes anything up in a story, so each alert is chased again and again: that is one line, with how often,
    before whatever else becomes of the alert, or at the end.
    """

    def __init__(self, console: Console) -> None:
        """Take where to show it."""
        self.newest: dict[str, dict[str, Any]] = {}
        self._console = console
        self._chases: dict[str, list[dict[str, Any]]] = {}

    def show(self, alert: dict[str, Any]) -> None:
        """Show an alert whole, or what is new in it."""
        before = self.newest.get(alert["alert_id"])
        self.newest[alert["alert_id"]] = alert
        if before is None or before["status"] != alert["status"]:
            self._show_chases(alert["alert_id"])
            self._console.print(_panel(alert))
            return
        last = max((step["number"] for step in before["steps"]), default=0)
        steps = [step for step in alert["steps"] if step["number"] > last]
        chases = [step for step in steps if step["kind"] == "chased"]
        self._chases.setdefault(alert["alert_id"], []).extend(chases)
        news = _news(before, alert, [step for step in steps if step["kind"] != "chased"])
        if news or not chases:
            self._show_chases(alert["alert_id"])
            self._say(alert, "; ".join(news) or "changed")

    def end(self) -> None:
        """Show what was held back."""
        for alert_id in list(self._chases):
            self._show_chases(alert_id)

    def _show_chases(self, alert_id: str) -> None:
        chases = self._chases.pop(alert_id, [])
        if not chases:
            return
        often = "once" if len(chases) == 1 else f"{len(chases)} times"
        roles = list(dict.fromkeys(lived.people(step["roles"]) for step in chases))
        until = f", until {wording.local(chases[-1]['at'])}" if len(chases) > 1 else ""
        self._say(self.newest[alert_id], f"chased {often}{until}, to be told: {', '.join(roles)}")

    def _say(self, alert: dict[str, Any], what: str) -> None:
        self._console.print(Text(f"  {alert['rule']} about {wording.about(alert)}: {what}"))


def _panel(alert: dict[str, Any]) -> Panel:
    """Return an alert as people read it: what, about whom, since when, who should act, and why."""
    because = [
        f"{each['event']} {each['event_id']} ({wording.agency(each['agency'])}, {wording.local(each['occurred_at'])})"
        for each in alert["evidence"]
    ]
    if len(because) > FACTS_SHOWN:
        because[FACTS_SHOWN - 1 :] = [f"and {len(because) - FACTS_SHOWN + 1} more"]
    rows = [
        ("what", wording.sentence(alert)),
        ("about", wording.about(alert)),
        ("stands", wording.status(alert)),
        (wording.missing_label(alert), wording.missing(alert)),
        ("due", wording.due(alert)),
        ("raised", wording.local(alert["raised_at"])),
        ("who must act", wording.who(alert)),
        ("because of", "\n".join(because)),
        (
            "cases",
            "\n".join(f"{key}: {states}" for key, states in map(wording.member, alert["members"])),
        ),
    ]
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True, style="bold")
    shown.add_column(overflow="fold")
    for label, text in rows:
        if text:
            shown.add_row(label, Text(text))
    return Panel(shown, title=f"{alert['status']}: {alert['rule']}", title_align="left")


def _news(before: dict[str, Any], alert: dict[str, Any], steps: list[dict[str, Any]]) -> list[str]:
    """Return what is new in an alert that goes on standing as it stood: its members, and these steps."""
    known = {wording.member(each) for each in before["members"]}
    new = [
        f"{key}: {states}"
        for key, states in map(wording.member, alert["members"])
        if (key, states) not in known
    ]
    new += [
        f"{wording.words(step['kind'])}, to be told: {lived.people(step['roles'])}"
        for step in steps
    ]
    return new


def _persons(value: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401 (any field of any record)
    """Give every person that a record names."""
    if isinstance(value, dict):
        if value.keys() == {"scheme", "value"}:
            yield value
        else:
            for each in value.values():
                yield from _persons(each)
    elif isinstance(value, list):
        for each in value:
            yield from _persons(each)
