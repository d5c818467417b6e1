"""What every rule says of a chronology, asked again only where something that the answer rests on has changed.

An answer rests on the facts of the types that the rule asked for, on what it was told of the silence of feeds, and
on the moment, up to the next at which by the rule's own word time alone may change it. While these stand, so does
the answer. Forgetting an answer changes nothing but the time it takes to ask again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from baton.engine.gathered import Beside, Feeds, Gathered, Index
from baton.engine.keys import kind_of
from baton.rules import severity
from baton.rules.chronology import Chronology, Reading, can_tell_of, shared
from baton.rules.deadline import GRAVEST_FIRST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from baton.rules.facts import Fact
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule

Judging = Callable[[Chronology, "datetime", "Policy"], "Iterator[Finding]"]
"""What a rule asks of one chronology."""

NO_FEEDS: frozenset[tuple[str, str]] = frozenset()
"""One for all who wait for none: Python makes a new one of 216 bytes each time, and one is kept for every deadline."""

PERSON, CASE = frozenset({"person"}), frozenset({"case"})
PERSON_AND_CASE = PERSON | CASE
NO_KINDS: frozenset[str] = frozenset()
# What is waited for has raised nothing yet: it must not take from an alert that another answer withdraws its reason.
_GRAVEST = {reason: place for place, reason in enumerate(GRAVEST_FIRST)} | {
    "waiting": len(GRAVEST_FIRST)
}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What one rule asks of the chronologies of one kind; `also` is whose facts it reads besides, or some of them."""

    rule: Rule
    judge: Judging
    also: frozenset[str]
    choose: Callable[[Chronology, Policy], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """What all rules ask of the chronologies of one kind, in order; without a fact of `triggers` they ask nothing."""

    every: tuple[Question, ...]
    triggers: frozenset[type[Fact]]


def questions_of(rules: Mapping[str, Rule], view: str) -> Questions:
    """Return what the rules ask of the chronologies of one kind: those that read the same together, then the choosy."""
    asked: dict[frozenset[str], list[Question]] = {}
    choosing: list[Question] = []
    for rule in rules.values():
        if rule.monthly:
            continue
        if rule.also_named is not None:
            if rule.reads == view:
                choosing.append(Question(rule, rule.judge, rule.also_reads, rule.also_named))
            continue
        if rule.reads == view:
            asked.setdefault(rule.also_reads, []).append(
                Question(rule, rule.judge, rule.also_reads)
            )
        if rule.without_case is not None and view == "person":
            asked.setdefault(CASE, []).append(Question(rule, rule.without_case, CASE))
    every = (*(question for each in asked.values() for question in each), *choosing)
    return Questions(every, frozenset(kind for each in every for kind in each.rule.triggers))


class Answer(NamedTuple):
    """What was found, and on what that rests; `until` is when it must be asked again whatever is told."""

    findings: tuple[Finding, ...]
    kinds: frozenset[type[Fact]]
    feeds: tuple[tuple[tuple[tuple[str, str], datetime], bool], ...]
    until: datetime | None

    def holds(self, fresh: Collection[type[Fact]], feeds: Feeds, now: datetime) -> bool:
        """Say whether it would be the same if it were asked again, now that facts of these types came."""
        return (
            (self.until is None or now < self.until)
            and self.kinds.isdisjoint(fresh)
            and (not self.feeds or self._tells_the_same(feeds, now))
        )

    def _tells_the_same(self, feeds: Feeds, now: datetime) -> bool:
        return all(
            can_tell_of(feeds.get(name), until, now) is told for (name, until), told in self.feeds
        )


class Said(NamedTuple):
    """What a rule said, `asked`, and the same as serious as the circumstances make it, `weighed`."""

    rule: Rule
    asked: Answer
    weighed: Answer

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, as serious as they are."""
        return self.weighed.findings

    def holds(self, fresh: Collection[type[Fact]], feeds: Feeds, now: datetime) -> bool:
        """Say whether it would be the same if it were asked and weighed again (`Answer.holds`)."""
        return self.asked.holds(fresh, feeds, now) and (
            self.weighed is self.asked or self.weighed.holds(fresh, feeds, now)
        )


class Outcome(NamedTuple):
    """What follows from all that was said of a key.

    `wake_at` is when time alone may change something, `silent` are the feeds (authority, agency) that something waits
    for, `awaited` the keys of those that a rule chose and whose facts may change something, and `rests_on` the types
    of fact that may.
    """

    alert_ids: frozenset[str] = frozenset()
    wake_at: datetime | None = None
    silent: frozenset[tuple[str, str]] = NO_FEEDS
    awaited: frozenset[str] = frozenset()
    rests_on: frozenset[type[Fact]] = frozenset()

    @classmethod
    def of(cls, every: Iterable[Said], triggers: frozenset[type[Fact]] = frozenset()) -> Outcome:
        """Work it out; `triggers` are the types of fact with which another rule would have something to ask."""
        alert_ids: set[str] = set()
        silent: set[tuple[str, str]] = set()
        awaited: set[str] = set()
        rests_on = set(triggers)
        wake_at: datetime | None = None
        for said in every:
            rests_on |= said.asked.kinds
            if said.weighed is not said.asked:
                rests_on |= said.weighed.kinds
            for finding in said.findings:
                alert_ids.add(finding.alert_id)
                if finding.wake_at is not None and (wake_at is None or finding.wake_at < wake_at):
                    wake_at = finding.wake_at
                if finding.reason == "cannot-tell":
                    silent.add((finding.authority, finding.waits_for))
                if finding.awaits:
                    awaited |= {
                        f"{kind}:{id_}" for kind in said.rule.also_reads for id_ in finding.awaits
                    }
        return cls(
            frozenset(alert_ids),
            wake_at,
            frozenset(silent) if silent else NO_FEEDS,
            frozenset(awaited),
            frozenset(rests_on),
        )


class Answers:
    """The answers to every question on one key, and the facts that they rest on."""

    def __init__(
        self, key: str, questions: Questions, index: Index, feeds: Feeds, policy: Policy
    ) -> None:
        """Begin with nothing asked."""
        self.told = Gathered(key, feeds)
        self._weighs = kind_of(key)
        self._questions = questions
        self.outcome = Outcome(rests_on=questions.triggers)
        self._index, self._feeds, self._policy = index, feeds, policy
        self._wider: dict[tuple[frozenset[str], ...], Beside] = {}
        self._chosen: dict[Question, Beside] = {}
        self._asking: list[Question] = []
        self._kinds = 0
        self._said: dict[Question, Said] = {}

    def ask(self, now: datetime) -> list[tuple[Rule, Sequence[Finding]]]:
        """Ask every question as of `now`; return the findings that are not what they were the last time."""
        told = self.told.take_up(self._index)
        fresh = set(told.fresh)
        for each in (*self._wider.values(), *self._chosen.values()):
            fresh.update(each.take_up(self._index).fresh)
        kinds = told.chronology.kinds
        if len(kinds) > self._kinds:
            self._kinds = len(kinds)
            self._asking = [
                each for each in self._questions.every if not each.rule.triggers.isdisjoint(kinds)
            ]
        news: list[tuple[Rule, Sequence[Finding]]] = []
        changed = False
        for question in self._asking:
            before = self._said.get(question)
            # Most rest on nothing of what came, whoever it is of; only the others are looked into.
            if before is not None and before.holds(fresh, self._feeds, now):
                continue
            said = self._say(question, before, now)
            if said is not before:
                self._said[question] = said
                changed = True
                known = () if before is None else before.findings
                once = called_once(known)
                news.append((said.rule, [x for x in called_once(said.findings) if x not in once]))
        if changed:
            self.outcome = Outcome.of(self._said.values(), self._questions.triggers)
        return news

    def said(self, now: datetime) -> Iterator[Finding]:
        """Give every finding as of `now`, in the order of the questions."""
        self.ask(now)
        return (x for each in self._asking for x in called_once(self._said[each].findings))

    def _say(self, question: Question, before: Said | None, now: datetime) -> Said:
        asked = self._asked(question, None if before is None else before.asked, now)
        still = before.weighed if before is not None and asked is before.asked else None
        weighed = self._weighed(question.rule, asked, still, now)
        if before is not None and still is weighed:
            return before
        return Said(question.rule, asked, weighed)

    def _asked(self, question: Question, before: Answer | None, now: datetime) -> Answer:
        """Return what the rule alone says."""
        if question.choose is not None:
            return self._asked_of_chosen(question, question.choose, now)
        gathered = self._gathered(question.also) if question.also else self.told
        if before is not None and before.holds(gathered.fresh, self._feeds, now):
            return before
        reading = Reading()
        told = gathered.chronology.noting(reading)
        findings = tuple(question.judge(told, now, self._policy))
        return _answer(findings, reading, now, gathered.latest)

    def _asked_of_chosen(
        self,
        question: Question,
        choose: Callable[[Chronology, Policy], Iterable[str]],
        now: datetime,
    ) -> Answer:
        """Return what a rule says that chooses whose facts it reads."""
        reading = Reading()
        gathered: Gathered | Beside = self.told
        named = tuple(choose(gathered.chronology.noting(reading), self._policy))
        if named:
            keys = [f"{kind}:{each}" for kind in question.also for each in named]
            gathered = self._beside_chosen(question, keys)
        told = gathered.chronology.noting(reading)
        findings = tuple(question.judge(told, now, self._policy))
        return _answer(findings, reading, now, gathered.latest)

    def _beside_chosen(self, question: Question, keys: Sequence[str]) -> Beside:
        known = self._chosen.get(question)
        beside = None if known is None else known.named(keys, self._index)
        if beside is None:
            beside = self._chosen[question] = Beside(self.told, NO_KINDS)
            beside.named(keys, self._index)
        return beside

    def _weighed(self, rule: Rule, asked: Answer, before: Answer | None, now: datetime) -> Answer:
        """Return what the rule says as serious as what is told of the persons and cases around makes it."""
        if self._weighs not in PERSON_AND_CASE or not any(map(severity.is_weighed, asked.findings)):
            return asked
        # Around a person are her cases; around a case its persons and their other cases.
        around = self._gathered(*((PERSON, CASE) if self._weighs == "case" else (CASE,)))
        if before is not None and before.holds(around.fresh, self._feeds, now):
            return before
        reading = Reading()
        told = around.chronology.noting(reading)
        pairs = severity.weighed(
            [(rule, each) for each in asked.findings], lambda: told, now, self._policy
        )
        return _answer(tuple(finding for _, finding in pairs), reading, now, around.latest)

    def _gathered(self, *also: frozenset[str]) -> Beside:
        known = self._wider.get(also)
        if known is None:
            base = self._gathered(*also[:-1]) if len(also) > 1 else self.told
            known = self._wider[also] = Beside(base, also[-1]).take_up(self._index)
        return known


def called_once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return of findings that share an alert the gravest, of equal ones that which was due first.

    A case may be opened twice for one referral, or two records tell of one instant: each asks, under one name, and what
    the one says must not unsay what the other does.
    """
    by_id: dict[str, list[Finding]] = {}
    for each in findings:
        by_id.setdefault(each.alert_id, []).append(each)
    if len(by_id) == len(findings):
        return findings
    return tuple(min(same, key=_gravity) for same in by_id.values())


def _gravity(finding: Finding) -> tuple[int, datetime, tuple[str, ...]]:
    place = _GRAVEST.get(finding.reason, len(_GRAVEST) + 1)
    return place, finding.due_at or _NEVER, finding.trigger[0].identity


def _answer(
    findings: tuple[Finding, ...], reading: Reading, now: datetime, latest: datetime
) -> Answer:
    """Return an answer; one that rests on a fact ahead of our time is not kept past this moment."""
    until = now if latest > now else _wake_of(findings)
    return Answer(findings, shared(reading.kinds), tuple(reading.feeds.items()), until)


def _wake_of(findings: Sequence[Finding]) -> datetime | None:
    return min((each.wake_at for each in findings if each.wake_at is not None), default=None)
