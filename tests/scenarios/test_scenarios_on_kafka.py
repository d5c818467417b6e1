"""Does real Kafka, Faust and the ledger say of every scenario what the offline replay says?

All scenarios share one timeline on one Kafka: each is an area of its own, with ids of its own, and is looked at as of
its own `until`. Those with a `[policy]` of their own get a worker of their own.
"""

from __future__ import annotations

import os
import signal
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit

from baton.agents.pseudonym import Pseudonyms, make_key, read_key
from baton.cli.playback import Stage
from baton.cli.supervisor import Supervisor
from baton.engine.alert_record import alert_of
from baton.replay.expect import refused_of, steps_of
from baton.replay.play import play_scenario
from baton.replay.scenario import PolicyText, Scenario, read_scenario
from baton.replay.told import Persons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.replay.told import Told

PROJECT = Path(__file__).parents[2]
AGREED = (PROJECT / "policy.toml").read_text(encoding="utf-8")
# On one timeline of many years whatever nobody takes up would be chased for all of them, tens of thousands of times:
# here nothing is. The scenarios say offline, each for itself, who is chased.
POLICY = PolicyText(AGREED.replace("chased               = true", "chased = false"), "policy.toml")
FILES = sorted(Path(__file__).parent.glob("*.toml"))
SHARED = [file for file in FILES if "policy" not in tomllib.loads(file.read_text(encoding="utf-8"))]

ONE_DAY = timedelta(days=1)
IDS = {
    *("incident", "notification", "referral", "transfer", "case", "block"),
    *("team", "from_team", "to_team", "by_team", "successor", "worker"),
}


def read(file: Path) -> Scenario:
    """Return the scenario of a file."""
    return read_scenario(file.read_text(encoding="utf-8"), file.name, POLICY)


def apart(value: Any, area: str) -> Any:
    """Return a record's fields with ids that no other area has."""
    if isinstance(value, list):
        return [apart(each, area) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"scheme", "value"}:
        return {"scheme": f"{area}/{value['scheme']}", "value": value["value"]}
    told = {
        name: f"{area}/{each}" if name in IDS and isinstance(each, str) else apart(each, area)
        for name, each in value.items()
    }
    for name in ("authority", "to_authority"):
        if told.get(name) is not None:
            told[name] = area if told[name] == "local" else f"{area}/{told[name]}"
    return told


class Area:
    """One scenario's area: its ids, and what they are called there."""

    def __init__(self, scenario: Scenario, name: str, pseudonyms: Pseudonyms) -> None:
        """Take the scenario, the area's name (empty: none), and how persons are pseudonymised."""
        self._told = scenario.told
        self._name = name
        self._there: dict[str, str] = {}
        for each in scenario.told:
            self._note(each.fields, pseudonyms)
        self._alerts = {
            self._alert(each.fields["alert"]): str(each.fields["alert"])
            for each in scenario.told
            if "alert" in each.fields
        }

    def told(self, until: datetime) -> list[Told]:
        """Return what is told up to a moment, as it is told in the area."""
        return [
            replace(each, fields=self._fields(each.fields))
            for each in self._told
            if each.received_at <= until
        ]

    def plain(self, key: str) -> str:
        """Return an id, or an alert's, as the scenario tells it."""
        here = {there: here for here, there in self._there.items()} | self._alerts
        return here.get(key, key.removeprefix(f"{self._name}/"))

    def _note(self, value: Any, pseudonyms: Pseudonyms) -> None:
        if isinstance(value, dict):
            if value.keys() == {"scheme", "value"}:
                person = apart(value, self._name) if self._name else value
                self._there[value["value"]] = pseudonyms.of(person)
            for name, each in value.items():
                if name in IDS and isinstance(each, str):
                    self._there[each] = f"{self._name}/{each}" if self._name else each
                self._note(each, pseudonyms)
        elif isinstance(value, list):
            for each in value:
                self._note(each, pseudonyms)

    def _fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        there: dict[str, Any] = apart(fields, self._name) if self._name else dict(fields)
        if "alert" in fields:
            there["alert"] = self._alert(fields["alert"])
        if "matcher" in fields:
            pairs = (pair.partition("=") for pair in fields["matcher"].split(","))
            there["matcher"] = ",".join(
                name + equals + self._there.get(value, value) for name, equals, value in pairs
            )
        return there

    def _alert(self, alert_id: str) -> str:
        return "/".join(self._there.get(part, part) for part in alert_id.split("/"))


def said(alerts: Iterable[Alert], plain: Callable[[str], str]) -> list[tuple[Any, ...]]:
    """Return what a list of alerts says, in an order of its own."""
    return sorted(
        (
            each.rule,
            plain(each.about),
            each.status,
            str(each.reason),
            each.severity,
            str(each.raised_at),
            str(each.due_at),
            str(each.answered_at),
            tuple((plain(member.key), member.states) for member in each.members),
            each.missing,
            str(each.life.owner),
            steps_of(each),
            refused_of(each),
        )
        for each in alerts
    )


@dataclass
class Live:
    """What a worker made of some scenarios: every alert record, in the order in which they were committed."""

    alerts: list[Alert]
    pseudonyms: Pseudonyms

    def of(self, scenario: Scenario, area: str) -> list[Alert]:
        """Return the alerts of one scenario as they stood at its `until`."""
        newest = {
            each.alert_id: each
            for each in self.alerts
            if (not area or each.authority.partition("/")[0] == area)
            and each.as_of <= scenario.until
            and each.rule in scenario.rules
        }
        return list(newest.values())


def play(
    kafka: str,
    prefix: str,
    folder: Path,
    scenarios: dict[str, Scenario],
    policy: str,
    kills: int = 0,
) -> Live:
    """Play scenarios, by the name of their area, through a worker with this policy, killed so often on the way."""
    key_file, policy_file = folder / "pseudonym.key", folder / "policy.toml"
    make_key(key_file)
    policy_file.write_text(policy, encoding="utf-8")
    environment = {
        **os.environ,
        "BATON_POLICY": str(policy_file),
        "BATON_PSEUDONYM_KEY_FILE": str(key_file),
        "BATON_LOG_FORMAT": "json",
    }
    pseudonyms = Pseudonyms(read_key(key_file))
    told = [
        each
        for area, scenario in scenarios.items()
        for each in Area(scenario, area, pseudonyms).told(scenario.until)
    ]
    until = max(scenario.until for scenario in scenarios.values())
    alerts: list[Alert] = []
    stage = Stage.prepare(kafka, prefix, environment)
    with (
        (folder / "worker.log").open("ab") as log,
        Supervisor() as supervisor,
        stage.feed() as feed,
    ):
        stage.start_worker(supervisor, output=log)
        moments = len({each.received_at for each in told})
        reached = min(each.received_at for each in told) - ONE_DAY
        for number, (moment, _) in enumerate(feed.play(told, until)):
            if kills and number % (moments // kills) == moments // kills - 1:
                # Not before it is back and has judged past the last kill: a kill at rest would prove little.
                assert stage.wait_until_judged(reached, supervisor.failed.is_set)
                kill(supervisor)
                reached = moment - ONE_DAY
        assert stage.wait_until_judged(until, supervisor.failed.is_set), (
            folder / "worker.log"
        ).read_text()
        with stage.alerts() as batches:
            while batch := next(batches):
                alerts += map(alert_of, batch)
        # A worker that was in doubt on a busy machine, and started again, must say the same.
        assert supervisor.restarts["worker"] >= min(kills, 1), (folder / "worker.log").read_text()
    return Live(alerts, pseudonyms)


def kill(supervisor: Supervisor) -> None:
    """Kill the worker; one that was killed before may not have been started again yet."""
    while not supervisor.failed.is_set():
        with suppress(ProcessLookupError):
            os.kill(supervisor.pids()["worker"], signal.SIGKILL)
            return
        time.sleep(0.1)


@pytest.fixture(scope="module")
def live(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """Play all scenarios that share the policy."""
    scenarios = {file.stem: read(file) for file in SHARED}
    return play(kafka, "scenarios-", tmp_path_factory.mktemp("scenarios"), scenarios, POLICY.text)


@pytest.mark.parametrize("file", SHARED, ids=lambda file: file.stem)
def test_kafka_says_what_the_offline_replay_says(file: Path, live: Live) -> None:
    """The same scenario, through Kafka, Faust and the ledger, gives the same alerts with the same times."""
    scenario, persons = read(file), Persons()
    expected = said(play_scenario(scenario, persons), persons.plain)

    assert expected == said(
        live.of(scenario, file.stem), Area(scenario, file.stem, live.pseudonyms).plain
    )


def test_a_worker_killed_again_and_again_says_the_same(
    kafka: str, live: Live, topic_prefix: str, tmp_path: Path
) -> None:
    """With kill -9 at five moments no alert is missing, none is doubled, and none differs."""
    scenarios = {file.stem: read(file) for file in SHARED}

    killed = play(kafka, topic_prefix, tmp_path, scenarios, POLICY.text, kills=5)

    assert life(live) == life(killed)


def life(live: Live) -> list[tuple[Any, ...]]:
    """Return every alert record there was, with the pseudonyms' own names left out."""
    return sorted(
        (
            each.authority,
            each.rule,
            each.about_kind,
            each.status,
            str(each.as_of),
            str(each.raised_at),
            len(each.evidence),
        )
        for each in live.alerts
    )


@pytest.mark.parametrize("file", sorted(set(FILES) - set(SHARED)), ids=lambda file: file.stem)
def test_a_scenario_with_its_own_policy_too(
    file: Path, kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """A scenario's own lines of policy hold on Kafka as they do offline."""
    scenario, persons = read(file), Persons()
    expected = said(play_scenario(scenario, persons), persons.plain)
    policy = tomlkit.parse(POLICY.text)
    _override(policy, tomllib.loads(file.read_text(encoding="utf-8"))["policy"])

    live = play(kafka, topic_prefix, tmp_path, {"": scenario}, tomlkit.dumps(policy))

    assert expected == said(live.of(scenario, ""), Area(scenario, "", live.pseudonyms).plain)


def _override(table: Any, by: dict[str, Any]) -> None:
    for name, value in by.items():
        if isinstance(value, dict) and isinstance(table.get(name), dict) and name != "within":
            _override(table[name], value)
        else:
            table[name] = value
