"""What happens to families: pregnancies, incidents, notifications, referrals."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from baton.simulate.telling import DAY, HOUR, MINUTE, date_text
from baton.simulate.world import CSC, World, person

if TYPE_CHECKING:
    from baton.simulate.cases import Cases

POLICE: Final = "police"
MIDWIFERY: Final = "midwifery"
REFERRERS: Final = (
    *(POLICE,) * 28,
    *("school",) * 21,
    *("health_visiting",) * 12,
    *("hospital",) * 10,
    *("gp",) * 8,
    *("housing",) * 8,
    *(MIDWIFERY,) * 6,
    *("voluntary",) * 4,
    *("public",) * 3,
)
GRADES: Final = ("standard", "standard", "medium", "high", "ungraded", None)
LEVELS: Final = ("level-2", "level-3", "level-4")
OUTCOMES: Final = (
    *("no_further_action",) * 4,
    *("early_help",) * 2,
    *("assessment",) * 4,
    "strategy_discussion",
)
_REMEMBERED: Final = 2_000
_GESTATION: Final = 280


@dataclass(slots=True)
class Woman:
    """Someone who is pregnant, or a mother."""

    key: str
    due_day: int | None = None
    pregnant: bool = False


class Families:
    """The families of one authority; one in whom a failure was sown is forgotten, so that it stays one."""

    def __init__(self, world: World, cases: Cases) -> None:
        """Begin with nobody."""
        self._world = world
        self._cases = cases
        self._known: deque[Woman] = deque(maxlen=_REMEMBERED)
        self._expecting: deque[Woman] = deque(maxlen=_REMEMBERED)

    # Pregnancies.

    def book(self, day: int) -> None:
        """Let a pregnancy be booked, mostly at 8 to 14 weeks, and some much later."""
        chance = self._world.chance
        weeks = chance.between(8, 14) if chance.happens(0.85) else chance.between(15, 34)
        woman = self._again(0.1)
        if woman.pregnant:
            return
        at = self._world.in_office(day)
        self._booked(woman, at - (weeks * 7 + chance.between(0, 6)) * DAY, at)
        self._expecting.append(woman)

    def _booked(self, woman: Woman, pregnant_since: int, at: int, *, to_term: bool = False) -> None:
        """Book a pregnancy, and plan how it goes on."""
        world, chance = self._world, self._world.chance
        woman.due_day = pregnant_since // DAY + _GESTATION
        woman.pregnant = True
        due_date = date_text(woman.due_day)
        world.tell("PregnancyBooked", MIDWIFERY, at, person=person(woman.key), due_date=due_date)
        born_at = (woman.due_day + chance.between(-21, 10)) * DAY + chance.between(
            0, 1_439
        ) * MINUTE
        if to_term:
            return
        if chance.happens(0.06):
            world.at(at + chance.between(1, 60) * DAY, partial(self._end, woman))
            return
        if chance.happens(0.08):
            world.at(at + chance.between(7, 40) * DAY, partial(self._revise, woman))
        world.at(max(born_at, at + DAY), partial(self._born, woman))

    def _revise(self, woman: Woman, at: int) -> None:
        if woman.due_day is None or not woman.pregnant:
            return
        woman.due_day += self._world.chance.between(-21, 21)
        due_date = date_text(woman.due_day)
        self._world.tell(
            "DueDateRevised", MIDWIFERY, at, person=person(woman.key), due_date=due_date
        )

    def _end(self, woman: Woman, at: int) -> None:
        woman.pregnant = False
        self._world.tell("PregnancyEnded", MIDWIFERY, at, person=person(woman.key))

    def _born(self, woman: Woman, at: int) -> None:
        woman.pregnant = False
        child = person(self._world.new("child"))
        self._world.tell("BirthRecorded", MIDWIFERY, at, person=person(woman.key), child=child)
        self._known.append(woman)

    # Incidents.

    def incident(self, day: int) -> None:
        """Let the police be called to a family."""
        world, chance = self._world, self._world.chance
        at = world.within(day)
        if not chance.happens(world.plan.volumes.pregnant_share):
            self._not_pregnant(at)
        elif world.fails("unreferred"):
            self._unreferred(at)
        elif world.fails("closed-unreferred"):
            self._unreferred(at, closed=True)
        elif world.fails("learned-late"):
            self._learned_late(at)
        else:
            self._pregnant(at)

    def _unreferred(self, at: int, *, closed: bool = False) -> None:
        """Let a pregnancy be written down by the police and referred by nobody."""
        world = self._world
        woman = Woman(world.new("woman"))
        incident = self._recorded(at, woman, "pregnant")
        world.sow("unreferred", woman.key, incident)
        if closed:
            reason = world.chance.of(("no_children", "not_required"))
            world.sow("closed-unreferred", woman.key, incident)
        else:
            reason = "no_further_action"
        self._close(at + world.answer(), incident, reason)

    def _learned_late(self, at: int) -> None:
        """Let a pregnancy of which nobody knew be booked weeks after, and nobody look back."""
        world, chance = self._world, self._world.chance
        woman = Woman(world.new("woman"))
        incident = self._recorded(at, woman, chance.of(("not_asked", "unknown", "not_pregnant")))
        since = at - chance.between(7, 60) * DAY

        def book(moment: int) -> None:
            world.sow("learned-late", woman.key, incident)
            self._booked(woman, since, moment, to_term=True)

        world.at(at + chance.between(2, 80) * DAY, book)
        self._close(at + world.answer(), incident, "no_further_action")

    def _pregnant(self, at: int) -> None:
        """Let a pregnancy be written down, or booked elsewhere, or both, whatever follows."""
        world, chance = self._world, self._world.chance
        if self._expecting and chance.happens(0.5):
            woman = chance.of(self._expecting)
            said = chance.of(("pregnant", "pregnant", "not_asked", "unknown", "not_pregnant", None))
        else:
            woman = self._again(0.3)
            said = chance.of(("pregnant", "pregnant", "recently_pregnant", "not_asked", "unknown"))
            if not woman.pregnant and chance.happens(0.4):
                since = at - chance.between(1, 120) * DAY
                booked_at = at + chance.between(1, 60 * 24) * HOUR
                world.at(booked_at, lambda moment: self._book_if_not(woman, since, moment))
        incident = self._recorded(at, woman, said)
        self._corrected(at, woman, incident)
        self._known.append(woman)
        referred = False
        if chance.happens(0.75):
            referred = chance.happens(0.8)
            self._refer(at + world.answer(), woman, POLICE, incident if referred else None)
        self._notified(at, incident, woman, may_be_undecided=False)
        reasons = ("no_children", "not_required", "no_further_action", "other", "referred")
        self._close(at + world.answer(), incident, "referred" if referred else chance.of(reasons))

    def _book_if_not(self, woman: Woman, since: int, at: int) -> None:
        if not woman.pregnant:
            self._booked(woman, since, at)
            self._expecting.append(woman)

    def _not_pregnant(self, at: int) -> None:
        """Let an incident be one like most."""
        world, chance = self._world, self._world.chance
        sure = world.fails("closed-incomplete")
        woman = Woman(world.new("woman")) if sure else self._again(0.2)
        said = chance.of(("not_pregnant", "not_pregnant", "unknown", "not_asked", None))
        incident = self._recorded(at, woman, "not_pregnant" if sure else said)
        lost = self._notified(at, incident, woman)
        reasons = ("no_children", "not_required", "no_further_action", "other")
        closed_at = at + world.answer()
        if sure:
            world.sow("closed-incomplete", woman.key, incident)
            recorded = chance.of((False, None))
            self._close(closed_at, incident, chance.of(reasons), recorded=recorded)
        else:
            self._close(closed_at, incident, chance.of(reasons))
            self._corrected(at, woman, incident)
            if not lost:
                self._known.append(woman)

    def _again(self, share: float) -> Woman:
        """Return somebody known in this share of the draws, else somebody new."""
        if self._known and self._world.chance.happens(share):
            return self._world.chance.of(self._known)
        return Woman(self._world.new("woman"))

    def _recorded(self, at: int, woman: Woman, said: str | None) -> str:
        world, chance = self._world, self._world.chance
        incident = world.new("inc")
        people: list[dict[str, Any]] = [
            {"person": person(woman.key), "role": "victim", "pregnancy": said},
            {"person": person(f"man-of-{woman.key}"), "role": "alleged_perpetrator"},
        ]
        children = chance.happens(0.4)
        if children:
            people.append({"person": person(f"child-of-{woman.key}"), "role": "child"})
        fields = {
            "incident": incident,
            "people": people,
            "grade": chance.of(GRADES),
            "children_present": children,
        }
        world.tell("IncidentRecorded", POLICE, at, **fields)
        if chance.happens(0.005):
            # Told once more as another event: the same incident.
            world.tell("IncidentRecorded", POLICE, at, **fields)
        return incident

    def _corrected(self, at: int, woman: Woman, incident: str) -> None:
        """Let the police correct, now and then, what was written down of the pregnancy."""
        world, chance = self._world, self._world.chance
        if not chance.happens(0.08):
            return
        said = chance.of(("pregnant", "not_pregnant", "unknown", "pregnant"))
        people = [{"person": person(woman.key), "pregnancy": said}]
        later = at + chance.between(1, 96) * HOUR
        world.tell("IncidentUpdated", POLICE, later, incident=incident, people=people)

    def _close(self, at: int, incident: str, reason: str, recorded: bool | None = True) -> None:  # noqa: FBT001, FBT002 (a field)
        chance = self._world.chance
        if recorded is True and chance.happens(0.05):
            recorded = None
        fields = {"incident": incident, "reason": reason}
        self._world.tell(
            "IncidentClosed",
            POLICE,
            at,
            **fields,
            information_recorded=recorded,
            safety_ensured=True,
        )
        if recorded is not True and chance.happens(0.0 if recorded is False else 0.3):
            later = at + chance.between(1, 72) * HOUR
            self._world.tell(
                "IncidentClosed",
                POLICE,
                later,
                **fields,
                information_recorded=True,
                safety_ensured=True,
            )

    # Notifications and referrals.

    def _notified(
        self, at: int, incident: str, woman: Woman, *, may_be_undecided: bool = True
    ) -> bool:
        """Let children's services be told of an incident, mostly; say whether she must be left alone from now on."""
        world, chance = self._world, self._world.chance
        if not chance.happens(0.7):
            return False
        notification = world.new("note")
        sent_at = at + world.soon()
        world.tell(
            "NotificationSent",
            POLICE,
            sent_at,
            notification=notification,
            incident=incident,
            to_agency=CSC,
        )
        if world.fails("notification-lost"):
            world.sow("notification-lost", woman.key, notification)
            return True
        recorded_at = sent_at + world.answer()
        world.tell(
            "NotificationRecorded",
            CSC,
            recorded_at,
            notification=notification,
            incident=incident,
            people=[] if chance.happens(0.3) else [person(woman.key)],
        )
        undecided = may_be_undecided and world.fails("notification-undecided")
        if undecided:
            world.sow("notification-undecided", woman.key, notification)
            if chance.happens(0.5):
                return True
        world.tell(
            "NotificationTriaged",
            CSC,
            recorded_at + world.answer(),
            notification=notification,
            outcome=chance.of(OUTCOMES),
            level=None if undecided or chance.happens(0.02) else chance.of(LEVELS),
            rationale_given=True,
            grade=chance.of((None, None, None, "green", "amber")),
        )
        return undecided

    def referral(self, day: int) -> None:
        """Let an agency refer a family."""
        chance = self._world.chance
        expecting = bool(self._expecting) and chance.happens(0.08)
        woman = chance.of(self._expecting) if expecting else self._again(0.3)
        self._refer(self._world.in_office(day), woman, chance.of(REFERRERS), None)
        self._known.append(woman)

    def _refer(self, at: int, woman: Woman, agency: str, incident: str | None) -> None:
        world, chance = self._world, self._world.chance
        referral = world.new("ref")
        unborn = woman.pregnant
        left_out = unborn and agency != MIDWIFERY and world.fails("midwifery-left-out")
        if left_out:
            woman = Woman(world.new("woman"))
        people = [person(woman.key)]
        if unborn and not left_out and chance.happens(0.15):
            people.insert(0, person(f"child-of-{woman.key}"))
        world.tell(
            "ReferralReceived",
            agency,
            at,
            referral=referral,
            people=people,
            concerns=chance.of(([], ["3A"], ["3B", "1B"], ["16A"])),
            about_unborn=True if unborn else chance.of((False, None)),
            incident=incident,
        )
        if unborn and agency != MIDWIFERY:
            if left_out:
                world.sow("midwifery-left-out", woman.key, referral)
            else:
                self._midwifery_told(at, woman, referral)
        self._decided(at, referral, agency, woman, unborn=unborn)

    def _midwifery_told(self, at: int, woman: Woman, referral: str) -> None:
        world, chance = self._world, self._world.chance
        told_at = at + world.answer() // 2
        names: dict[str, Any] = (
            {"referral": referral} if chance.happens(0.7) else {"people": [person(woman.key)]}
        )
        world.tell("AgencyInformed", CSC, told_at, to_agency=MIDWIFERY, **names)
        if chance.happens(0.93):
            world.tell("InformationAcknowledged", MIDWIFERY, told_at + world.answer() // 2, **names)

    def _decided(self, at: int, referral: str, agency: str, woman: Woman, *, unborn: bool) -> None:
        world, chance = self._world, self._world.chance
        decided_at = at + world.answer()
        outcome = chance.of(OUTCOMES)
        world.tell(
            "ReferralDecided",
            CSC,
            decided_at,
            referral=referral,
            outcome=outcome,
            level=None if chance.happens(0.03) else chance.of(LEVELS),
            rationale_given=not chance.happens(0.03),
        )
        if chance.happens(0.9):
            told_at = decided_at + world.answer()
            world.tell(
                "FeedbackGiven",
                CSC,
                told_at,
                referral=referral,
                to_agency=agency,
                outcome=outcome,
                rationale_given=not chance.happens(0.05),
            )
            if chance.happens(0.6):
                world.tell(
                    "FeedbackAcknowledged", agency, told_at + world.soon(), referral=referral
                )
        if chance.happens(world.plan.volumes.opened_share):
            opened_at = decided_at + chance.between(1, 48) * HOUR
            world.at(
                opened_at,
                lambda moment: self._cases.open(moment, referral, woman.key, unborn=unborn),
            )
