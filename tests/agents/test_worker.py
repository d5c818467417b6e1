"""What a worker says of itself: ready or why not, and the figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from prometheus_client import CollectorRegistry, generate_latest

from baton.agents.intake import ENOUGH, Intake
from baton.agents.judge import ORIGINS, Judge
from baton.agents.pseudonym import Pseudonyms
from baton.agents.worker import Figures, Shares
from baton.contract.topics import FACTS, REFERRALS
from baton.engine.policy_file import parse_policy
from baton.ledger import Batch, Ledgers, Partition, Process, Record, Status

POLICY = parse_policy((Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8"))
JUDGED, SOURCE = Partition(FACTS.name, 0), Partition(REFERRALS.name, 0)


@dataclass
class FakeLedgers:
    """What the figures ask of the ledgers."""

    ready: bool = True
    processes: dict[Partition, Process] = field(default_factory=dict)
    loading: dict[Partition, float] = field(default_factory=dict)
    not_well: list[tuple[str, Partition]] = field(default_factory=list)

    def process(self, source: Partition) -> Process | None:
        """Return a process."""
        return self.processes.get(source)

    def opening(self) -> dict[Partition, float]:
        """Return what is being opened."""
        return self.loading

    def troubles(self) -> list[tuple[str, Partition]]:
        """Return what is not well."""
        return self.not_well

    def snapshot(self) -> list[Status]:
        """Return one ledger's figures."""
        return [Status(*JUDGED, 7, 9, 12.0, 1, 2, 0, 3, 4.5, 0.5)]


def judge_at(moment: datetime) -> Judge:
    """Return a judge whose time has come to a moment."""
    judge = Judge(POLICY)
    for origin in ORIGINS:
        judge.watermark.advance(origin, moment)
    return judge


def figures(ledgers: FakeLedgers, shares: Shares | None = None) -> Figures:
    """Return the figures of these ledgers."""
    return Figures(cast("Ledgers", ledgers), shares or Shares(0.5))


def test_a_worker_that_judges_what_happens_now_is_ready() -> None:
    """Its ledgers are open and its time is that of the clock."""
    well = figures(FakeLedgers(processes={JUDGED: judge_at(datetime.now(UTC))}))

    assert ("", "") == (well.not_ready(), well.unhealthy())


def test_an_old_clock_is_said() -> None:
    """Nothing falls due any more."""
    old = judge_at(datetime.now(UTC) - timedelta(hours=1))

    assert "slowest tick is 36" in figures(FakeLedgers(processes={JUDGED: old})).not_ready()


def test_a_ledger_that_is_being_loaded_is_named_with_how_long() -> None:
    """And one that takes too long is a reason to restart."""
    loading = FakeLedgers(ready=False, loading={JUDGED: 41.0}, not_well=[("slow", JUDGED)])

    assert figures(loading).not_ready() == "ledgers are being opened: facts-0 for 41 s"
    assert figures(loading).unhealthy() == "facts-0 takes too long to load"


def test_a_partition_that_stands_still_is_named() -> None:
    """On both pages; one that only catches up needs no restart."""
    still = FakeLedgers(not_well=[("behind", JUDGED), ("still", SOURCE)])

    assert figures(still).unhealthy() == "referrals-0 stands still, though records wait"
    assert "facts-0 is far behind, and catches up" in figures(still).not_ready()


def test_bad_input_near_the_ceiling_is_said_before_the_worker_stops() -> None:
    """The share, the source and the ceiling; and no more of it once the share has fallen."""
    intake = Intake(SOURCE.topic, SOURCE.number, Pseudonyms(b"k" * 32), ceiling=0.5)
    ledgers = FakeLedgers(processes={SOURCE: intake})
    shares = Shares(0.5)

    def told(*values: bytes) -> str:
        records = [
            Record(SOURCE.topic, 0, number, 0, None, value) for number, value in enumerate(values)
        ]
        intake.apply(records)
        shares.look(Batch(*SOURCE, 0, len(records), 0, 0, 1.0, "delivered"), intake)
        return figures(ledgers, shares).not_ready()

    intake.load(b"recent", b"." * (ENOUGH // 2) + b"x" * (ENOUGH // 2 - 1))

    assert told(b"not a record") == (
        "50% of the recent messages of referrals-0 were rejected: above 50% this worker stops"
    )
    intake.load(b"recent", b"." * ENOUGH)
    assert told() == ""


def test_every_figure_has_its_name() -> None:
    """As Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(
        figures(FakeLedgers(processes={JUDGED: judge_at(datetime.now(UTC))}, loading={SOURCE: 3.0}))
    )
    page = generate_latest(registry).decode()

    for line in (
        'baton_lag_records{partition="0",topic="facts"} 2.0',
        'baton_still_seconds{partition="0",topic="facts"} 0.5',
        'baton_opened_seconds{partition="0",topic="facts"} 4.5',
        'baton_opening_seconds{partition="0",topic="referrals"} 3.0',
        "baton_rejected_ceiling 0.5",
        "baton_clock_age_seconds{",
    ):
        assert line in page, line
