"""One deployment's memory: chronologies by key, deadlines, the watermark, and the alerts that stand.

The law: **what is judged depends on the source logs alone**, not on the order in which their records reach us.
A fact is held until the watermark has passed the moment at which baton was told of it. Then moments are judged one
after the other: all facts told at that moment are recorded together, and only then is every question asked again
that they, or a deadline falling on that moment, may have changed. So a live run, a replay, a restart from rows and
a month's backlog give the same alerts with the same times.

Nothing here is input or output, and nothing asks the time.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from baton.engine.alerts import Alert, settle, withdraw
from baton.engine.answers import (
    CASE,
    NO_FEEDS,
    PERSON_AND_CASE,
    Answer,
    Answers,
    Outcome,
    Said,
    questions_of,
)
from baton.engine.gathered import ANY, Gathered, Index, add_to
from baton.engine.keys import REFERENCES, VIEWS, WITHOUT_CASE, Kept, kind_of
from baton.engine.mothers import reading_beside, reading_no_longer
from baton.rules import source_silent
from baton.rules.chronology import Feed, Reading, shared
from baton.rules.facts import Fact, SourceHeartbeat
from baton.rules.months import month_end, month_of
from baton.rules.register import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule

Order = tuple[str, int, int]
"""Where a fact stands in its source: topic, partition, offset. It breaks ties between facts of one moment."""


Identity = tuple[str, str, str, str]
"""What makes two tellings the same record (`Fact.identity`)."""

REMEMBERED = 4_096
"""Of how many keys the answers are remembered; of the others everything is asked again when they are judged."""


class Records:
    """Which records there are: the ids of each agency's own of each kind, without a tuple for every one of them."""

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        """Begin with none."""
        self._ids: dict[tuple[str, ...], set[str]] = defaultdict(set)

    def __contains__(self, identity: Identity) -> bool:
        """Say whether a record is among them."""
        return identity[3] in self._ids.get(identity[:3], ())

    def add(self, identity: Identity) -> None:
        """Add a record."""
        self._ids[identity[:3]].add(identity[3])

    def discard(self, identity: Identity) -> None:
        """Take a record out."""
        self._ids[identity[:3]].discard(identity[3])


@dataclass(frozen=True, slots=True)
class Wake:
    """When a chronology is to be judged again: at a moment, or when a silent feed (authority, agency) is heard."""

    at: datetime | None = None
    feeds: frozenset[tuple[str, str]] = NO_FEEDS


@dataclass(slots=True)
class Changes:
    """What the passing of time changed.

    Alerts with the key of the chronology they were judged on, in the order in which they changed; when each
    chronology is to be judged again (None: not by itself); and the facts that need not be kept any more.
    """

    alerts: list[tuple[str, Alert]] = field(default_factory=list)
    wakes: dict[str, Wake | None] = field(default_factory=dict)
    forgotten: list[Identity] = field(default_factory=list)
    judged: int = 0
    """How many chronologies were judged."""
    whole: bool = True
    """Whether time has come as far as it was to come, or only as far as was asked for at most."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known of one key, and what every rule says of it."""

    key: str
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    alerts: tuple[Alert, ...]


class Engine:
    """Chronologies, deadlines and standing alerts, as of `now`."""

    def __init__(
        self, policy: Policy, rules: Mapping[str, Rule] = RULES, *, remembered: int = REMEMBERED
    ) -> None:
        """Begin with nothing known; `now` is None until the first `advance`.

        `remembered` is of how many keys the answers are remembered: those judged last.
        """
        self.policy = policy
        self.now: datetime | None = None
        self._remembered = remembered
        self._rules = rules
        self._questions = {view: questions_of(rules, view) for view in VIEWS}
        self._monthly = tuple(rule for rule in rules.values() if rule.monthly)
        also_read = {
            view: {
                kind for each in asked.every if each.rule.also_named is None for kind in each.also
            }
            for view, asked in self._questions.items()
        }
        chosen = {
            view: {
                kind
                for each in asked.every
                if each.rule.also_named is not None
                for kind in each.also
            }
            for view, asked in self._questions.items()
        }
        self._readers: dict[str, frozenset[str]] = {
            kind: frozenset(view for view in VIEWS if kind in also_read[view] | chosen[view])
            for kind in VIEWS
        }
        self._choosy = frozenset(view for view in VIEWS if chosen[view] and not also_read[view])
        self._recorded = Records()
        self._waiting: set[Identity] = set()
        self._held: list[tuple[datetime, Order, Fact]] = []
        self._index: Index = {}
        self._answers: dict[str, Answers] = {}
        self._asked: dict[str, frozenset[type[Fact]]] = {}
        self._linked: dict[str, set[str]] = defaultdict(set)
        self._awaited: dict[str, frozenset[str]] = {}
        self._alerts: dict[str, dict[str, Alert]] = defaultdict(dict)
        self._deadlines: list[tuple[datetime, str]] = []
        self._wakes: dict[str, datetime] = {}
        self._waits: dict[str, frozenset[tuple[str, str]]] = {}
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._suspended: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._again: list[str] = []
        self._cases_of_month: dict[str, set[str]] = defaultdict(set)
        self._months_of_case: dict[str, set[str]] = defaultdict(set)
        self._told_of_month: dict[str, Gathered] = {}

    # Being told.

    def hear(self, fact: Fact, order: Order) -> bool:
        """Hold a fact until its moment has come; return False for a record that was told before.

        The first telling counts: a repetition changes neither what is known nor since when.
        """
        identity = fact.identity
        if identity in self._recorded or identity in self._waiting:
            return False
        self._waiting.add(identity)
        heapq.heappush(self._held, (fact.received_at, order, fact))
        return True

    def advance(self, to: datetime, most: int | None = None) -> Changes:
        """Let time come to `to`: judge, in order, every moment at which something was told or fell due.

        When `most` chronologies have been judged it ends, `now` being the moment that it has reached, and the next
        call goes on there, with the same alerts as in one go; also an engine that was restored as of that `now`.
        """
        changes = Changes()
        if self.now is not None:
            while self._again and changes.judged != most:
                self._judge(self._again.pop(), self.now, changes)
        changes.whole = not self._again
        while (moment := self._next_moment()) is not None and moment <= to:
            changes.whole = changes.whole and changes.judged != most
            # What is told of a past moment is recorded at once: a restored engine would not ask about it any more.
            if not changes.whole and not self._holds_past():
                break
            # A broker's clock that stepped back must not take us with it.
            now = moment if self.now is None else max(moment, self.now)
            self.now = now
            asked: set[str] = set()
            while self._held and self._held[0][0] <= now:
                asked |= self._record(heapq.heappop(self._held)[2], changes)
            asked |= self._due(now, None if most is None else most - changes.judged - len(asked))
            left = sorted(asked, reverse=True)
            while left and changes.judged != most:
                self._judge(left.pop(), now, changes)
            self._postpone(left, now, changes)
        if changes.whole and (self.now is None or to > self.now):
            self.now = to
        return changes

    # Being restored from rows, before anything is heard.

    def restore_fact(self, fact: Fact, order: Order) -> None:
        """Take back a fact that was heard before, each once; whether its moment had come, `restored` decides."""
        self._held.append((fact.received_at, order, fact))

    def restore_alert(self, key: str, alert: Alert) -> None:
        """Take back an alert that was judged on the chronology `key`."""
        self._alerts[key][alert.alert_id] = alert

    def restore_wake(self, key: str, wake: Wake) -> None:
        """Take back when a chronology is to be judged again."""
        if wake.at is not None:
            self._wakes[key] = wake.at
        if wake.feeds:
            self._waits[key] = wake.feeds

    def restored(self, now: datetime | None, *, judge_again: bool = False) -> None:
        """Rebuild, from what was taken back, all that is derived, as of the last watermark.

        Under another policy than before (`judge_again`) the next `advance` begins by asking again, as of that
        watermark, every question that is still open: whatever waits, and whatever has an alert that stands.
        """
        self.now = now
        # In one go, the earliest last: of a million, the heap would find the place of each again.
        self._held.sort(reverse=True)
        # Of a million keys that wait, each is a text in its fact and in its row.
        texts = {key: key for key in self._wakes}
        while now is not None and self._held and self._held[-1][0] <= now:
            # One by one: what is made of the next takes the place in memory that this one had.
            self._restore(Kept(self._held.pop()[2], texts))
        self._held.reverse()
        self._waiting = {fact.identity for _, _, fact in self._held}
        self._deadlines = [(at, key) for key, at in self._wakes.items()]
        heapq.heapify(self._deadlines)
        for key, feeds in self._waits.items():
            for feed in feeds:
                self._suspended[feed].add(key)
        if judge_again:
            standing = (key for key in self._alerts if self._stands_by(key))
            self._again = sorted({*self._wakes, *self._waits, *standing}, reverse=True)

    # Being asked.

    @property
    def open_deadlines(self) -> int:
        """How many chronologies will be judged again by the passing of time alone."""
        return len(self._wakes)

    @property
    def suspended(self) -> int:
        """How many chronologies wait for a silent feed to be heard."""
        return len(self._waits)

    @property
    def next_moment(self) -> datetime | None:
        """The next moment at which something is to be judged; None where nothing is."""
        return self.now if self._again else self._next_moment()

    @property
    def held(self) -> int:
        """How many facts wait for the watermark."""
        return len(self._held)

    @property
    def overdue_missing(self) -> int:
        """How many wake times are past and not in the heap: always 0, or a deadline was lost."""
        waiting = set(self._deadlines)
        return sum((at, key) not in waiting for key, at in self._wakes.items())

    def alerts(self) -> list[Alert]:
        """Return every alert, whatever its status, by when it was raised."""
        standing = (alert for by_id in self._alerts.values() for alert in by_id.values())
        return sorted(standing, key=lambda alert: (alert.raised_at, alert.alert_id))

    def keys(self) -> list[str]:
        """Return the key of every chronology that can be explained."""
        return sorted(key for key in self._index if kind_of(key) in VIEWS)

    def explain(self, key: str) -> Explanation:
        """Return what is known of a key and what every rule says of it, as of now; it changes nothing."""
        if self.now is None or key not in self._index:
            return Explanation(key, (), (), tuple(self._alerts.get(key, {}).values()))
        months = sorted(
            each for each in self._cases_of_month if key == f"team:{each.split(':', 2)[2]}"
        )
        asked = self._new_answers(key)
        findings = (
            *asked.said(self.now),
            *(
                finding
                for month in months
                for said in self._said_of_month(month, self.now)
                for finding in said.findings
            ),
        )
        alerts = tuple(
            alert for each in (key, *months) for alert in self._alerts.get(each, {}).values()
        )
        facts = (kept.fact for kept in asked.told.own)
        in_order = sorted(facts, key=lambda fact: (fact.occurred_at, fact.received_at))
        return Explanation(key, tuple(in_order), findings, alerts)

    # Within.

    def _next_moment(self) -> datetime | None:
        while self._deadlines and self._wakes.get(self._deadlines[0][1]) != self._deadlines[0][0]:
            heapq.heappop(self._deadlines)
        told = self._held[0][0] if self._held else None
        due = self._deadlines[0][0] if self._deadlines else None
        if told is None or due is None:
            return told or due
        return min(told, due)

    def _due(self, now: datetime, most: int | None) -> set[str]:
        """Return the keys that wait for a moment up to now, `most` of them; the others keep their places."""
        due: set[str] = set()
        while (
            self._deadlines and self._deadlines[0][0] <= now and (most is None or len(due) < most)
        ):
            wake_at, key = heapq.heappop(self._deadlines)
            if self._wakes.get(key) == wake_at:
                due.add(key)
        return due

    def _holds_past(self) -> bool:
        """Say whether something was told of a moment up to which everything was recorded already."""
        return self.now is not None and bool(self._held) and self._held[0][0] <= self.now

    def _postpone(self, keys: Iterable[str], now: datetime, changes: Changes) -> None:
        """Have chronologies judged later, as of this moment; their facts are recorded already."""
        for key in keys:
            self._wakes[key] = now
            changes.wakes[key] = Wake(now, self._waits.get(key, NO_FEEDS))
            heapq.heappush(self._deadlines, (now, key))

    def _record(self, fact: Fact, changes: Changes) -> set[str]:
        """Add a fact to the chronologies; return the keys of those on which a rule may now say something else."""
        kept = Kept(fact)
        self._keep(kept)
        if isinstance(fact, SourceHeartbeat):
            return self._record_heartbeat(kept, fact, changes)
        kind, asked = type(fact), self._asked
        references = sum(kind in REFERENCES for kind in kept.kinds)

        def may_change(key: str) -> bool:
            # What names a record beside the key, or two records, brings the other's facts into the chronology.
            return kind in asked.get(key, ANY) or references > (key not in kept.keys)

        views = self._views(kept)
        self._link(views)
        persons = reading_beside(self._index, kept)
        anew = reading_no_longer(self._index, kept)
        for key in anew:
            self._answers.pop(key, None)
        own = persons.union(views)
        self._touch(kept, own)
        return (
            set(filter(may_change, own))
            | self._beside(kept, views, may_change)
            | self._weighed_with(views, may_change)
            | self._months_to_judge(kept, fact)
            | anew
        )

    def _restore(self, kept: Kept) -> None:
        """Add a fact whose moment had come before; what it changed was judged then."""
        fact = kept.fact
        self._keep(kept)
        if isinstance(fact, SourceHeartbeat):
            self._record_heartbeat(kept, fact, Changes())
        else:
            self._link(self._views(kept))
            self._months_to_judge(kept, fact)

    def _keep(self, kept: Kept) -> None:
        """Put a fact where it is found by all that it names; a heartbeat, only if it is news (`_record_heartbeat`)."""
        identity = kept.fact.identity
        self._waiting.discard(identity)
        self._recorded.add(identity)
        if not isinstance(kept.fact, SourceHeartbeat):
            alone = (kept,)
            for key in kept.keys:
                add_to(self._index, key, alone)

    def _months_to_judge(self, kept: Kept, fact: Fact) -> set[str]:
        """Return the months (`month:2026-02:team`) that a fact of a case begins, or adds to when they are over."""
        months: set[str] = set()
        if not kept.has_case:
            return months
        brings_others = not REFERENCES.isdisjoint(kept.kinds)
        for case in kept.named(CASE):
            for rule in self._monthly:
                if type(fact) in rule.triggers or rule.reads in kept.kinds:
                    self._begin_months(rule, case)
            for month in self._months_of_case.get(case, ()):
                if case not in self._cases_of_month[month]:
                    self._cases_of_month[month].add(case)
                    if month in self._told_of_month:
                        self._told_of_month[month].include(case)
                    months.add(month)
                elif type(fact) in self._asked.get(month, ANY) or brings_others:
                    months.add(month)
        return {month for month in months if month not in self._wakes}

    def _begin_months(self, rule: Rule, case: str) -> None:
        """Note, for every team that is told of with a case, the months in which the case had what a rule asks about."""
        teams = [team for team in self._linked.get(case, ()) if kind_of(team) == rule.reads]
        ends = (each.fact for each in self._index[case] if type(each.fact) in rule.triggers)
        for month in {month_of(end.occurred_at) for end in ends} if teams else ():
            self._months_of_case[case] |= {
                f"month:{month}:{team.partition(':')[2]}" for team in teams
            }

    def _record_heartbeat(self, kept: Kept, beat: SourceHeartbeat, changes: Changes) -> set[str]:
        """Note how far a feed has come; return what could not be told before and can be asked again."""
        name = (beat.authority, beat.agency)
        feed = self._feeds.get(name)
        if feed is not None and beat.complete_to <= feed.complete_to:
            self._forget(beat, changes)
            return set()
        (key,) = kept.keys
        add_to(self._index, key, (kept,))
        silent_from = source_silent.silent_from(beat, self.policy)
        self._feeds[name] = Feed(beat.complete_to, silent_from)
        return {key, *self._suspended.pop(name, ())}

    def _forget_heartbeats(self, key: str, now: datetime, changes: Changes) -> None:
        """Keep of a feed that is heard only its last heartbeat, and of a silent one those of its silence."""
        last = max(
            self._index[key], key=lambda kept: cast("SourceHeartbeat", kept.fact).complete_to
        )
        if now < self._feeds[last.fact.authority, last.fact.agency].silent_from:
            for kept in self._index[key]:
                if kept is not last:
                    self._forget(kept.fact, changes)
            self._index[key] = (last,)

    def _forget(self, fact: Fact, changes: Changes) -> None:
        self._recorded.discard(fact.identity)
        changes.forgotten.append(fact.identity)

    def _beside(
        self, kept: Kept, views: Mapping[str, str], may_change: Callable[[str], bool]
    ) -> set[str]:
        """Return the views beside those to which a fact belongs whose rules read it.

        A person's facts also concern the rules that read them with a case, and the other way round; a rule that chooses
        whose facts it reads says which may change something, and before it was judged any may.
        """
        return {
            other
            for key, kind in views.items()
            # Through a team or a worker only what names no case is read beside a case.
            if (readers := self._readers[kind]) and not (kept.has_case and kind in WITHOUT_CASE)
            for other in self._linked.get(key, ())
            if may_change(other)
            and kind_of(other) in readers
            and key in self._awaited.get(other, (key,))
        }

    def _touch(self, kept: Kept, views: Iterable[str]) -> None:
        """Let the chronologies that are remembered know that there is a fact more."""
        for key in views:
            if (answers := self._answers.get(key)) is not None:
                answers.told.touch(kept.keys)
            for month in self._months_of_case.get(key, ()):
                if (told := self._told_of_month.get(month)) is not None:
                    told.touch(kept.keys)

    def _views(self, kept: Kept) -> dict[str, str]:
        """Return the views to which a fact belongs, each with its kind."""
        views: dict[str, str] = {}
        seen: set[str] = set()
        open_keys = list(zip(kept.keys, kept.kinds, strict=True))
        while open_keys:
            key, kind = open_keys.pop()
            if kind in VIEWS:
                views[key] = kind
            elif kind in REFERENCES and key not in seen:
                seen.add(key)
                for each in self._index.get(key, ()):
                    if each is kept:
                        continue  # What it names itself was open from the beginning.
                    named = zip(each.keys, each.kinds, strict=True)
                    # A block concerns its teams, and not each family in it with every other.
                    open_keys += (x for x in named if x[1] == "team") if kind == "block" else named
        if not kept.has_case:
            for key in kept.named(WITHOUT_CASE):
                for each in self._index.get(key, ()):
                    views |= dict.fromkeys(each.named(CASE), "case")
        return views

    def _link(self, views: Mapping[str, str]) -> None:
        """Remember which persons, cases and teams are told of together."""
        if len(views) > 1:
            for key, kind in views.items():
                self._linked[key].update([x for x, of_kind in views.items() if of_kind != kind])

    def _weighed_with(
        self, views: Mapping[str, str], may_change: Callable[[str], bool]
    ) -> set[str]:
        """Return the persons and cases with a standing alert that what is told of these may make more serious.

        It is read, around a person, of her cases; around a case, of its persons and their other cases (`_around`).
        """
        around: set[str] = set()
        # Not through a team: it would be everybody's whom it ever worked with.
        for key, kind in views.items():
            if kind not in PERSON_AND_CASE:
                continue
            for other in self._linked.get(key, ()):
                around.add(other)
                if kind == "case" and kind_of(other) == "person":
                    around |= self._linked.get(other, set())
        # Few have an alert, and only a person or a case is weighed.
        return {
            key
            for key in around
            if key in self._alerts
            and may_change(key)
            and kind_of(key) in PERSON_AND_CASE
            and self._stands_by(key)
        }

    def _stands_by(self, key: str) -> bool:
        """Say whether a key has an alert that stands."""
        return any(alert.status != "withdrawn" for alert in self._alerts[key].values())

    def _answers_of(self, key: str, kind: str) -> Answers:
        """Return what is remembered of a key; the key judged longest ago makes room."""
        if kind == "agency":
            # Of a feed heartbeats are forgotten; what its silence says is soon asked.
            return self._new_answers(key)
        answers = self._answers.pop(key, None) or self._new_answers(key)
        self._answers[key] = answers
        if len(self._answers) > self._remembered:
            del self._answers[next(iter(self._answers))]
        return answers

    def _new_answers(self, key: str) -> Answers:
        return Answers(key, self._questions[kind_of(key)], self._index, self._feeds, self.policy)

    def _said_of_month(self, key: str, now: datetime) -> Iterator[Said]:
        """Give what the monthly rules say of one month of one team, asked afresh."""
        _, month, about = key.split(":", 2)
        told = self._told_of_month.pop(key, None) or Gathered(
            f"team:{about}", self._feeds, self._cases_of_month[key], follow="case"
        )
        self._told_of_month[key] = told.take_up(self._index)
        if len(self._told_of_month) > self._remembered:
            del self._told_of_month[next(iter(self._told_of_month))]
        for rule in self._monthly:
            reading = Reading()
            read = told.chronology.read_as(rule.reads, about).noting(reading)
            found = rule.judge(read, now, self.policy)
            findings = tuple(each for each in found if each.due_at == month_end(month))
            answer = Answer(findings, shared(reading.kinds), (), None)
            yield Said(rule, answer, answer)

    def _judge(self, key: str, now: datetime, changes: Changes) -> None:
        changes.judged += 1
        news: Sequence[tuple[Rule, Sequence[Finding]]]
        kind = kind_of(key)
        if kind == "month":
            every = tuple(self._said_of_month(key, now))
            news, outcome = [(said.rule, said.findings) for said in every], Outcome.of(every)
        else:
            answers = self._answers_of(key, kind)
            news, outcome = answers.ask(now), answers.outcome
        # A question that could be asked again at once would be asked for ever.
        assert outcome.wake_at is None or outcome.wake_at > now, key
        alerts = self._alerts.get(key, {})
        for rule, findings in news:
            for finding in findings:
                before = alerts.get(finding.alert_id)
                after = settle(before, finding, now, rule.version, self.policy.version)
                if after is not None and after is not before:
                    self._change(key, after, changes)
        for alert_id in sorted(alerts.keys() - outcome.alert_ids) if alerts else ():
            if alerts[alert_id].status != "withdrawn" and self._still_holds(alerts[alert_id]):
                # The question is gone, and not because what asked it was forgotten: it was corrected.
                self._change(key, withdraw(alerts[alert_id], now), changes)
        self._wake(key, outcome.wake_at, outcome.silent, changes)
        self._asked[key] = shared(outcome.rests_on)
        if kind in self._choosy:
            self._awaited[key] = outcome.awaited
        if kind == "agency":
            self._forget_heartbeats(key, now, changes)

    def _still_holds(self, alert: Alert) -> bool:
        """Say whether the facts that asked an alert's question are still kept.

        One that was forgotten, was told again and waits for its moment is not kept: it will be forgotten once more.
        """
        return all(
            (alert.authority, each.agency, each.event, each.event_id) in self._recorded
            for each in alert.trigger
        )

    def _change(self, key: str, alert: Alert, changes: Changes) -> None:
        self._alerts[key][alert.alert_id] = alert
        changes.alerts.append((key, alert))

    def _wake(
        self, key: str, at: datetime | None, feeds: frozenset[tuple[str, str]], changes: Changes
    ) -> None:
        for feed in feeds:
            # Also where nothing changed: a heartbeat that was not enough has taken it out.
            self._suspended[feed].add(key)
        at_before, feeds_before = self._wakes.get(key), self._waits.get(key, NO_FEEDS)
        if at == at_before and feeds == feeds_before:
            return
        changes.wakes[key] = Wake(at, feeds) if at is not None or feeds else None
        if feeds:
            self._waits[key] = feeds
        else:
            self._waits.pop(key, None)
        if at is None:
            self._wakes.pop(key, None)
        elif at != at_before:
            self._wakes[key] = at
            heapq.heappush(self._deadlines, (at, key))
