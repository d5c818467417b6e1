"""Engines that save no work: one remembers nothing, and gathers and sorts all facts again; one passes nobody over."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from baton.engine.answers import Answer, Answers, Outcome, Said, called_once
from baton.engine.engine import Engine
from baton.engine.keys import FOLLOWED, WITHOUT_CASE, Kept, kind_of
from baton.rules import severity
from baton.rules.chronology import Chronology, Reading
from baton.rules.facts import (
    AgencyInformed,
    BirthRecorded,
    DueDateRevised,
    InformationAcknowledged,
    MilestoneRecorded,
    PregnancyBooked,
    PregnancyEnded,
    ReferralReceived,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from baton.engine.answers import Question
    from baton.engine.engine import Changes
    from baton.rules.facts import Fact
    from baton.rules.outcome import AboutKind, Finding
    from baton.rules.rule import Rule

OF_A_PREGNANCY = (
    PregnancyBooked,
    DueDateRevised,
    MilestoneRecorded,
    BirthRecorded,
    PregnancyEnded,
)


class Afresh(Engine):
    """An engine that remembers no answer and no chronology."""

    def _answers_of(self, key: str, _: str) -> Answers:
        return _Asked(key, self)


class OfEverybody(Afresh):
    """One that asks of everybody whenever anything is told, too: nobody can have been passed over."""

    def _record(self, fact: Fact, changes: Changes) -> set[str]:
        asked = super()._record(fact, changes)
        return asked.union(x for x in self._index if kind_of(x) in {"person", "case", "team"})


class _Asked(Answers):
    def __init__(self, key: str, engine: Engine) -> None:
        questions = engine._questions[kind_of(key)]
        super().__init__(key, questions, engine._index, engine._feeds, engine.policy)
        self._key = key

    def ask(self, now: datetime) -> list[tuple[Rule, Sequence[Finding]]]:
        every = list(self._every(now))
        self.outcome = Outcome.of(every, self._questions.triggers)
        return [(said.rule, called_once(said.findings)) for said in every]

    def _every(self, now: datetime) -> Iterator[Said]:
        facts = self._facts()
        told = self._chronology(facts)
        for question in self._questions.every:
            if question.rule.triggers.isdisjoint(told.kinds):
                continue
            reading = Reading()
            if question.choose is None:
                also = self._named(facts, question.also)
            else:
                chosen = tuple(question.choose(told.noting(reading), self._policy))
                also = [f"{kind}:{each}" for kind in question.also for each in chosen]
            wider = self._chronology(self._with(facts, also)).noting(reading)
            findings = tuple(question.judge(wider, now, self._policy))
            asked = Answer(findings, frozenset(reading.kinds), (), None)
            weighed = asked
            if kind_of(self._key) in {"person", "case"}:
                weighed = self._as_serious_as_it_is(question, findings, facts, now)
            yield Said(question.rule, asked, weighed)

    def _as_serious_as_it_is(
        self, question: Question, findings: Iterable[Finding], facts: list[Kept], now: datetime
    ) -> Answer:
        around = facts
        for kind in ("person", "case") if kind_of(self._key) == "case" else ("case",):
            around = self._with(around, self._named(around, frozenset({kind})))
        reading = Reading()
        told = self._chronology(around).noting(reading)
        pairs = [(question.rule, each) for each in findings]
        weighed = severity.weighed(pairs, lambda: told, now, self._policy)
        found = tuple(finding for _, finding in weighed)
        return Answer(found, frozenset(reading.kinds), (), None)

    def _facts(self) -> list[Kept]:
        found: dict[Kept, None] = {}
        seen, open_keys = {self._key}, [self._key]
        while open_keys:
            for kept in self._index.get(open_keys.pop(), ()):
                found[kept] = None
                more = set(kept.named(FOLLOWED[kind_of(self._key)])) - seen
                seen |= more
                open_keys += sorted(more)
        return (
            [*found, *self._of_pregnancies(found)] if kind_of(self._key) == "person" else [*found]
        )

    def _of_pregnancies(self, found: Iterable[Kept]) -> Iterator[Kept]:
        """Give what is told of those who are named beside this person by a referral about an unborn child."""
        told = {id(kept) for kept in found}
        by_referral: dict[str, set[str]] = {}
        unborn = set()
        for kept in (each for every in self._index.values() for each in every):
            if isinstance(kept.fact, ReferralReceived):
                by_referral.setdefault(kept.fact.referral, set()).update(kept.fact.people)
                if kept.fact.about_unborn:
                    unborn.add(kept.fact.referral)
        about = self._key.partition(":")[2]
        for referral in sorted(unborn):
            for person in sorted(by_referral[referral] if about in by_referral[referral] else ()):
                for kept in self._index.get(f"person:{person}", ()):
                    fact = kept.fact
                    told_of_her = isinstance(fact, AgencyInformed | InformationAcknowledged)
                    if id(kept) not in told and (
                        isinstance(fact, OF_A_PREGNANCY)
                        or (told_of_her and getattr(fact, "referral", None) is None)
                    ):
                        told.add(id(kept))
                        yield kept

    def _named(self, facts: Iterable[Kept], kinds: frozenset[str]) -> list[str]:
        return [key for kept in facts for key in kept.named(kinds)]

    def _with(self, facts: Iterable[Kept], keys: Iterable[str]) -> list[Kept]:
        beside = (
            kept
            for key in keys
            for kept in self._index.get(key, ())
            if not (kind_of(key) in WITHOUT_CASE and kept.has_case)
        )
        return list(dict.fromkeys((*facts, *beside)))

    def _chronology(self, facts: Iterable[Kept]) -> Chronology:
        kind, _, about = self._key.partition(":")
        told = (kept.fact for kept in facts)
        return Chronology(cast("AboutKind", kind), about, told, self._feeds)
