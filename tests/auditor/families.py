"""Families at random around a referral about an unborn child: whom it names, who expects, and who is told of it.

A boy, a woman and her sister. Nothing keeps to any order: a referral has several records that name different people, a
booking comes after the birth, an update before its incident. Each family is by itself, so that one log has hundreds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_HEARD_AFTER = [0, 0, 3, 48, 216]
"""After how many hours baton is told of something."""


class Families:
    """What was told of some families, in the order in which it was heard."""

    def __init__(self, seed: int, number: int) -> None:
        """Draw it; the same seed gives the same."""
        self._random = Random(seed)
        self._told: list[tuple[datetime, dict[str, Any]]] = []
        for family in range(number):
            self._draw(family)
        # Two months later nothing waits any more.
        self._tell("IncidentUpdated", "police", 60, 60, incident="inc-none", people=[])

    def lines(self) -> list[str]:
        """Give the lines of the log."""
        self._told.sort(key=lambda each: each[0])
        return [
            json.dumps({**event, "event_id": f"e-{place:06}"})
            for place, (_, event) in enumerate(self._told)
        ]

    def _draw(self, family: int) -> None:
        boy, woman, sister = (f"{each}-{family}" for each in ("boy", "woman", "sister"))
        everybody = (boy, woman, sister)
        referral, incident = f"ref-{family}", f"inc-{family}"
        if self._happens(0.5):
            self._incident("IncidentRecorded", incident, everybody)
            if self._happens(0.3):
                self._incident("IncidentUpdated", incident, everybody)
        for _ in range(self._one_of(1, 1, 2)):
            self._tell(
                "ReferralReceived",
                self._one_of(*["school"] * 17, "police", "police", "midwifery"),
                *(0, 4),
                referral=referral,
                people=self._some(everybody, 0, 1, 2, 2, 3, 3),
                about_unborn=self._one_of(*[True] * 3, *(False, None)),
                incident=self._one_of(incident, incident, None),
            )
        for expecting in (woman, sister):
            self._maternity(expecting)
        for _ in range(self._one_of(0, 1, 2)):
            self._tell(
                "AgencyInformed",
                "childrens_social_care",
                *(0, 5),
                to_agency=self._one_of("midwifery", "midwifery", "health_visiting"),
                **self._one_of(
                    {"referral": referral},
                    {"people": self._some(everybody, 1)},
                    {"people": self._some(everybody, 3), "incident": incident},
                    {"people": [named(woman)], "referral": f"another-{family}"},
                ),
            )
        for _ in range(self._one_of(0, 1, 2)):
            self._tell(
                "InformationAcknowledged",
                self._one_of("midwifery", "midwifery", "school"),
                *(0, 6),
                **self._one_of({"referral": referral}, {"people": self._some(everybody, 1, 3)}),
            )

    def _incident(self, record: str, incident: str, everybody: tuple[str, ...]) -> None:
        roles = ("victim", "alleged_perpetrator", "child", "other")
        said = ("pregnant", "not_pregnant", "not_asked", "unknown", None)
        people = [
            {"person": each, "role": self._one_of(*roles), "pregnancy": self._one_of(*said)}
            for each in self._some(everybody, 0, 1, 2, 3)
        ]
        self._tell(record, "police", -2, 4, incident=incident, people=people)

    def _maternity(self, woman: str) -> None:
        person = named(woman)
        if self._happens(0.5):
            due = self._day(100, 200, 20, -30)
            self._tell("PregnancyBooked", "midwifery", -40, 6, person=person, due_date=due)
            if self._happens(0.2):
                due = self._day(90, 210, 400)
                self._tell("DueDateRevised", "midwifery", -5, 9, person=person, due_date=due)
        if self._happens(0.35):
            self._tell("PregnancyEnded", "hospital", 0, 9, person=person)
        if self._happens(0.15):
            self._tell("BirthRecorded", "hospital", 0, 9, person=person)

    def _tell(self, record: str, agency: str, first: int, last: int, **fields: Any) -> None:
        """Tell of something that happens on one of these days after the beginning."""
        at = BEGIN + timedelta(
            hours=self._random.randint(first * 24, last * 24), minutes=self._one_of(0, 0, 0, 1)
        )
        heard = at + timedelta(hours=self._one_of(*_HEARD_AFTER))
        times = {"occurred_at": at.strftime(_MOMENT), "received_at": heard.strftime(_MOMENT)}
        event = {"record": record, "agency": agency, "authority": "local", **times, **fields}
        self._told.append((heard, event))

    def _some(self, everybody: tuple[str, ...], *numbers: int) -> list[dict[str, str]]:
        return [named(each) for each in self._random.sample(everybody, self._one_of(*numbers))]

    def _day(self, *after: int) -> str:
        return (BEGIN + timedelta(days=self._one_of(*after))).date().isoformat()

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def _one_of(self, *choices: Any) -> Any:
        return self._random.choice(choices)


def named(person: str) -> dict[str, str]:
    """Return a person as events name her."""
    return {"scheme": "local", "value": person}
