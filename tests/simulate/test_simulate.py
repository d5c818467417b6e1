"""Invented histories: the same from the same seed, valid, as large as they say, and with what was sown in them."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.contract.pointers import check_pointers
from baton.replay.logs import from_json_line
from baton.replay.told import Told
from baton.simulate import FAILURES, Plan, events
from baton.simulate.chance import Chance
from baton.simulate.shards import Shard, write_all
from tests.simulate.dense import DENSE

SMALL = Plan(volumes=DENSE, years=0.3, failures=dict.fromkeys(FAILURES, 0.15))


def told(plan: Plan) -> Iterator[Told]:
    """Give a plan's events as they are read from a log."""
    return (from_json_line(line.encode()) for line in events(plan))


def digest(paths: list[Path]) -> list[str]:
    """Return the hash of each file's bytes."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whether one process writes or three, log and truth are the same; another seed gives others."""
    plans = [replace(SMALL, authority=name, years=0.1) for name in ("la-1", "la-2", "la-3")]
    written = []
    for folder, processes in (("one", 1), ("three", 3), ("again", 1)):
        (tmp_path / folder).mkdir()
        shards = [Shard(plan, tmp_path / folder) for plan in plans]
        assert len(list(write_all(shards, processes))) == 3
        written.append(digest([path for shard in shards for path in (shard.log, shard.truth)]))
    other = "".join(events(replace(plans[0], seed=2)))

    assert written[0] == written[1] == written[2]
    assert len(set(written[0])) == 6
    assert other != (tmp_path / "one" / "log-la-1.ndjson").read_text()


def test_a_known_seed_gives_known_draws() -> None:
    """The draws are those of Python's `random()`, which never changes, so a seed in a report can be played for ever."""
    chance = Chance("1/local")

    assert [chance.between(1, 100) for _ in range(5)] == [8, 94, 51, 68, 33]


def test_every_record_is_valid_and_in_the_order_of_hearing() -> None:
    """Each line is read by the log's own reader, which knows the contract; nothing is told before it happened."""
    heard = list(told(SMALL))

    assert len(heard) > 10_000
    assert all(one.received_at <= other.received_at for one, other in itertools.pairwise(heard))
    assert all(each.fields["occurred_at"] <= each.received_at for each in heard)
    assert len({each.record for each in heard}) >= 30
    for each in heard:
        check_pointers(each.fields)


def test_it_is_told_badly() -> None:
    """Events come twice, out of order, days late, and are corrected."""
    heard = list(told(SMALL))
    count = Counter(each.fields["event_id"] for each in heard)
    delays = [each.received_at - each.fields["occurred_at"] for each in heard]
    occurred = [each.fields["occurred_at"] for each in heard]

    assert sum(each > 1 for each in count.values()) > len(heard) / 200
    assert sum(one > other for one, other in itertools.pairwise(occurred)) > len(heard) / 20
    assert sum(each > timedelta(days=1) for each in delays) > len(heard) / 200
    assert {"IncidentUpdated", "DueDateRevised", "PregnancyEnded"} <= {
        each.record for each in heard
    }


def test_no_id_could_be_a_real_one() -> None:
    """Ids are words with a number; nothing has the ten digits of an NHS number."""
    for line in events(replace(SMALL, years=0.05)):
        assert not re.search(r"\d{10}", line), line
        for person in re.findall(r'"scheme":"(\w+)","value":"([^"]*)"', line):
            assert re.fullmatch(
                r"\('local', '(woman|man-of-woman|child|child-of-woman)-\d+'\)", str(person)
            )


def test_an_authority_is_as_large_as_the_figures_say() -> None:
    """A year of an authority has the incidents, bookings, referrals and transfers of domain.md, within a tenth."""
    plan = Plan(years=1, repeated=0.0)
    count = Counter(json.loads(line)["record"] for line in events(plan))

    assert count["IncidentRecorded"] == pytest.approx(1_350_460 / 175, rel=0.1)
    assert count["PregnancyBooked"] == pytest.approx(594_677 / 175, rel=0.1)
    assert count["ReferralReceived"] == pytest.approx(633_000 / 153, rel=0.12)
    assert 4 * 253 <= count["TransferRequested"] <= 8 * 253
    assert sum(count.values()) == pytest.approx(150_000, rel=0.1)


def test_it_ends_after_so_many_events() -> None:
    """A cap takes the beginning of the same history."""
    whole = list(events(SMALL))

    assert list(events(replace(SMALL, events=500))) == whole[:500]


def test_without_failures_none_is_sown() -> None:
    """Then the truth holds only blocks and silent feeds, which are no failures of anybody."""
    sown: list[dict[str, Any]] = []
    for _ in events(replace(SMALL, failures={}), sown.append):
        pass

    assert {each["sown"] for each in sown} == {"block", "feed-silent"}
