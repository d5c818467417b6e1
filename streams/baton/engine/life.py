"""What becomes of an alert once it is raised: who is asked to look, who takes it up, who closes it, what is refused.

The law is the engine's: **the operators' alerts depend on the logs alone.** They follow from the alerts as the rules
have them, in the order in which the engine changed them; from the actions, each held until the watermark has passed
the moment at which baton was told of it; and from the passing of time. Moments are lived through one after the other:
first what the rules say, then what people did, then what is due by time. So one big advance gives the same records,
with the same times, as many small ones, and a restart from the rows gives what would have been.

- **Status.** `answered` and `withdrawn` are the rule's, and outweigh whatever people did. Else a closed alert is
  `closed`, one that somebody took up is `acknowledged` until that lapses, and every other is `raised`.
- **Steps.** The words of `tell` are rungs of a ladder (`a+b`: both at once). The first is asked at once, the next each
  time that nobody takes it up within the policy's limit; after the last, the last again, at twice the distance each
  time. Where a whole step reached nobody the next is asked without waiting. A severity that keeps working hours is
  told, and its limits run, within them; one that does not passes over roles that have nobody there at that hour, to
  the first that has, and tells all of them.
- **Silence** makes steps wait. It holds for the alerts of its own authority that match, and for each no longer than
  policy allows for its severity: what asks for more is cut, as is an acknowledgement, and the alert shows until when.
- **A turn for the worse** (a lower number of severity, or overdue after a warning) ends acknowledgement, silence and
  close, and begins at the first rung; so does a fact that opens an alert again.
- **Who tells people** is not here: a step only asks for it, *in the time of the log*. Behind a backlog steps are old
  when they become visible, and several may be visible at once. So whoever tells people looks at an alert as it stands:
  it tells each role of the newest step that names it, once, and says when that step was asked; and of an alert that
  is no longer open nothing but `resolved`. What came of it comes back as AlertTold.

A record keeps the newest steps, tellings and actions (`MOST_KEPT`), for it must fit into a message; `alert-actions`
has all of them.
"""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from baton.engine.alerts import (
    ATTEMPT_FAILED,
    OPEN,
    Alert,
    Done,
    EventReference,
    Life,
    Status,
    Step,
    Telling,
)
from baton.rules import nobody_to_tell
from baton.rules.facts import (
    Action,
    AlertAcknowledged,
    AlertAssigned,
    AlertClosed,
    AlertNoted,
    AlertReopened,
    AlertsSilenced,
    AlertTold,
    SilenceEnded,
)
from baton.rules.outcome import Member
from baton.rules.policy import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from baton.engine.engine import Identity, Order
    from baton.rules.policy import Limit, Policy, Terms

Refusal = Literal["not-raised-yet", "finished", "not-closed", "same-person", "no-rationale", "past"]

REFUSALS: Final[dict[str, str]] = {
    "not-raised-yet": "There was no such alert when this was done.",
    "finished": "The alert is answered, withdrawn or closed: there is nothing left to do to it.",
    "not-closed": "Only a closed alert can be opened again, and this one is not closed.",
    "same-person": "Two different persons must close this alert, and this is the one who asked for it.",
    "no-rationale": "To close an alert of this severity somebody must say why.",
    "past": "The time at which it was to end had already passed.",
}
"""Why an action had no effect, and the sentence that the person sees."""

STEPS: Final[dict[str, str]] = {
    "raised": "It was raised.",
    "chased": "Nobody has taken it up, or nobody could be told.",
    "lapsed": "Somebody had taken it up, and that has ended.",
    "worse": "It has become more serious.",
    "reopened": "It was closed or answered, and is open again.",
    "resolved": "What was missing has come, or the alert was withdrawn.",
}
"""Why a step is asked, and the sentence for those who are told."""

MOST_KEPT: Final = 100
MOST_MEMBERS: Final = 200
_MOST_DOUBLINGS: Final = 20
_REACHED: Final = frozenset({"told", "unknown"})
"""Outcomes after which somebody may know of it."""
_UNREACHED: Final = frozenset({"nobody", "failed"})
_UNKNOWN_ROLE: Final = Role(agency="other", working_hours=False)

Item = TypeVar("Item")
OnOneAlert = AlertAcknowledged | AlertAssigned | AlertNoted | AlertClosed | AlertReopened
"""What people do to one alert, by its id."""


# Silences.


class UnreadableMatcherError(ValueError):
    """A matcher that matches nothing, with a sentence that says why."""


_MATCHED: Final[dict[str, Callable[[Alert], str | None]]] = {
    "alert": lambda alert: alert.alert_id,
    "rule": lambda alert: alert.rule,
    "about": lambda alert: alert.about,
    "about_kind": lambda alert: alert.about_kind,
    "severity": lambda alert: str(alert.severity),
    "agency": lambda alert: alert.responsible_agency,
    "team": lambda alert: alert.responsible_team,
    "role": lambda alert: alert.responsible_role,
}
MATCHED: Final = tuple(_MATCHED)
"""What a matcher may name."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts: every field must have one of its values. Written `rule=block-transfer,about=team-1`."""

    wanted: tuple[tuple[str, frozenset[str]], ...]

    @classmethod
    def read(cls, text: str) -> Matcher:
        """Read `field=value` pairs joined by commas; a field named twice may have either value.

        Raises UnreadableMatcherError.
        """
        wanted: dict[str, set[str]] = {}
        for pair in text.split(","):
            name, equals, value = (part.strip() for part in pair.partition("="))
            if name not in _MATCHED or not equals or not value:
                known = ", ".join(MATCHED)
                message = (
                    f"must be pairs like rule=block-transfer, joined by commas; fields are {known}"
                )
                raise UnreadableMatcherError(message)
            wanted.setdefault(name, set()).add(value)
        return cls(tuple((name, frozenset(values)) for name, values in sorted(wanted.items())))

    def matches(self, alert: Alert) -> bool:
        """Say whether an alert is meant."""
        return all(_MATCHED[name](alert) in values for name, values in self.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence that holds: `silence_id` is the event that began it, `at` when baton was told."""

    silence_id: str
    matcher: str
    authority: str
    at: datetime
    until: datetime

    @property
    def key(self) -> str:
        """What names it: agencies of two areas may number their events alike."""
        return f"{self.authority}/{self.silence_id}"


def silence_of(action: AlertsSilenced, now: datetime) -> Silence | str:
    """Return the silence that begins with an action heard at `now`, or the word for why it does not."""
    try:
        Matcher.read(action.matcher)
    except UnreadableMatcherError:
        return "unreadable-matcher"
    if action.until <= now:
        return "past"
    return Silence(
        silence_id=action.event_id,
        matcher=action.matcher,
        authority=action.authority,
        at=now,
        until=action.until,
    )


_matcher = lru_cache(maxsize=1_024)(Matcher.read)


# The ladder.


def rungs_of(tell: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return whom the words of `tell` name, step by step: `a+b` is one step for two roles."""
    return tuple(tuple(word.split("+")) for word in tell)


def turn_of(tell: Iterable[str], steps: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return whose turn comes after the last of these steps, each given as its roles; nobody's without a `tell`."""
    rungs = rungs_of(tell)
    asked = frozenset(steps[-1]) if steps else frozenset()
    last = max((place for place, rung in enumerate(rungs) if asked >= set(rung)), default=-1)
    return rungs[min(last + 1, len(rungs) - 1)] if rungs else ()


# What is kept of one alert.


@dataclass(slots=True)
class _Kept:
    """One alert as its rule has it (None: not raised yet), its life, and where on the ladder it stands.

    `owed` is the kind of the step that is to be asked as soon as it may be, and `since` from when on; with none owed,
    `since` is when the last was asked. `again` counts the repetitions of the last rung, `seen_from` is the last turn
    for the worse: no silence from before hides the alert. `wanted` is the outcome that a first person asked to close
    it with.
    """

    alert: Alert | None = None
    life: Life = field(default_factory=Life)
    owed: str = ""
    since: datetime | None = None
    rung: int = 0
    again: int = 0
    seen_from: datetime | None = None
    wanted: str = ""
    as_of: datetime | None = None
    wake: datetime | None = None

    @property
    def status(self) -> Status | None:
        """How it stands for operators, or None before it was raised."""
        return None if self.alert is None else self.status_of(self.alert)

    def status_of(self, alert: Alert) -> Status:
        """Say how an alert of this life stands for operators."""
        if alert.status != "raised":
            return alert.status
        if self.life.closed_by is not None:
            return "closed"
        return "raised" if self.life.acknowledged_by is None else "acknowledged"

    def change(self, **changed: Any) -> None:  # noqa: ANN401 (any field of a life)
        """Let some fields of the life be others."""
        self.life = replace(self.life, **changed)

    def row(self) -> str:
        """Return what a restart needs besides the rule's alert."""
        kept = {name: getattr(self, name) for name in _ROW} | {"life": self.life}
        return json.dumps(kept, default=_plain, separators=(",", ":"))


_PARTS: Final[dict[type, tuple[str, ...]]] = {
    kind: tuple(each.name for each in fields(kind)) for kind in (Life, Step, Telling, Done, Silence)
}


def _plain(value: Any) -> Any:  # noqa: ANN401 (what JSON does not know)
    """Return a time as text, and a part of a life by its fields; `asdict` would copy every value of it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return {name: getattr(value, name) for name in _PARTS[type(value)]}


_ROW: Final = ("owed", "since", "rung", "again", "seen_from", "wanted", "as_of")
_TIMES: Final = frozenset(
    {"since", "seen_from", "as_of", "at", "until", "occurred_at"}
    | {each.name for each in fields(Life) if each.name.endswith(("_until", "_at"))}
)


def _from_row(row: str) -> _Kept:
    kept = json.loads(row, object_hook=_with_times)
    life = kept.pop("life")
    steps = tuple(Step(**each | {"roles": tuple(each["roles"])}) for each in life.pop("steps"))
    told = tuple(Telling(**each) for each in life.pop("told"))
    actions = tuple(Done(**each) for each in life.pop("actions"))
    return _Kept(life=Life(**life, steps=steps, told=told, actions=actions), **kept)


def _with_times(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if value and name in _TIMES else value
        for name, value in values.items()
    }


def _newest(items: tuple[Item, ...], item: Item) -> tuple[Item, ...]:
    return (*items, item)[-MOST_KEPT:]


def _newest_told(items: tuple[Telling, ...], item: Telling) -> tuple[Telling, ...]:
    """Let the oldest attempt that failed give way before any outcome does: what is told next follows from outcomes."""
    items = (*items, item)
    if len(items) <= MOST_KEPT:
        return items
    outcomes = (each.outcome for each in items)
    place = next((at for at, outcome in enumerate(outcomes) if outcome == ATTEMPT_FAILED), 0)
    return items[:place] + items[place + 1 :]


@dataclass(slots=True)
class Lived:
    """What the passing of time changed: the operators' alerts, in order, and what a restart needs of it.

    `lives` and `silences` are rows by the id of the alert and the key of the silence (None: over); `own` are the alerts
    that are raised here and by no rule, as they stand. `looked_at` is how many alerts were looked at, changed or not;
    `whole` whether time has come as far as it was to come, or only as far as was asked for at most.
    """

    alerts: list[Alert] = field(default_factory=list)
    lives: dict[str, str] = field(default_factory=dict)
    own: dict[str, Alert] = field(default_factory=dict)
    silences: dict[str, str | None] = field(default_factory=dict)
    looked_at: int = 0
    whole: bool = True


class Lives:
    """The operators' alerts, as of `now`."""

    def __init__(self, policy: Policy) -> None:
        """Begin with nothing known; `now` is None until the first `advance`."""
        self.policy = policy
        self.now: datetime | None = None
        self._hours = policy.hours
        self._known: set[Identity] = set()
        self._held: list[tuple[datetime, Order, Action]] = []
        self._kept: dict[str, _Kept] = {}
        self._wakes: list[tuple[datetime, str]] = []
        self._silences: dict[str, Silence] = {}
        self._ends: list[tuple[datetime, str]] = []
        self._touched: dict[str, tuple[Alert | None, Life]] = {}
        self._again: list[str] = []

    # Being told.

    def hear(self, action: Action, order: Order) -> bool:
        """Hold an action until its moment has come; return False for one that was told before."""
        if action.identity in self._known:
            return False
        self._known.add(action.identity)
        heapq.heappush(self._held, (action.received_at, order, action))
        return True

    def advance(self, to: datetime, said: Sequence[Alert], most: int | None = None) -> Lived:
        """Let time come to `to`, given what the rules said since the last time, in order and none of it after `to`.

        When `most` alerts have been looked at it ends, `now` being the moment that it has reached, and the next call
        goes on there, with the same records as in one go; also lives that were restored as of `to`. What the rules said
        and people did is taken in all the same: then `to` must be no later than `next_moment`, and all that was said of
        one moment. Raises ValueError if it is of several.
        """
        if most is not None and said and said[0].as_of != said[-1].as_of:
            message = "what the rules said at several moments cannot be taken in parts"
            raise ValueError(message)
        lived = Lived()
        place = 0
        while (moment := self._next_moment(said[place : place + 1])) is not None and moment <= to:
            left = None if most is None else max(0, most - lived.looked_at)
            lived.whole = left != 0
            if not lived.whole and place == len(said) and not self._holds(to):
                break
            now = self.now = moment if self.now is None else max(moment, self.now)
            while self._again and len(self._touched) != left:
                self._touch(self._again.pop())
            while place < len(said) and said[place].as_of <= now:
                self._rule_said(said[place], now, lived)
                place += 1
            early = self._act_on_all(now, lived)
            self._let_pass(now, left, lived)
            for action in early:
                self._touch_due(action.alert, now)
            self._settle(now, lived)
            while len(rest := [each for each in early if not self._tell(each, now, lived)]) < len(
                early
            ):
                # Told at the very moment at which the step was asked.
                early = rest
                self._settle(now, lived)
        else:
            lived.whole = True
        if lived.whole and (self.now is None or to > self.now):
            self.now = to
        lived.lives = {alert_id: self._kept[alert_id].row() for alert_id in lived.lives}
        return lived

    # Being restored from rows, before anything is heard.

    def restore_alert(self, alert: Alert) -> None:
        """Take back an alert as its rule, or `nobody-to-tell`, has it."""
        self._kept.setdefault(alert.alert_id, _Kept()).alert = alert

    def restore_life(self, alert_id: str, row: str) -> None:
        """Take back what became of an alert. Raises for a row that cannot be read."""
        kept = _from_row(row)
        kept.alert = self._kept[alert_id].alert if alert_id in self._kept else None
        self._kept[alert_id] = kept

    def restore_silence(self, row: str) -> None:
        """Take back a silence that holds."""
        silence = Silence(**_with_times(json.loads(row)))
        self._silences[silence.key] = silence

    def restored(self, now: datetime | None, *, live_again: bool = False) -> None:
        """Rebuild what follows from what was taken back, as of the last watermark.

        Under another policy than before (`live_again`) what is open is looked at again when time next moves. So is an
        alert of a time when nothing was kept of its life: it begins then.
        """
        self.now = now
        while now is not None and self._held and self._held[0][0] <= now:
            heapq.heappop(self._held)
        self._ends = [(each.until, key) for key, each in self._silences.items()]
        heapq.heapify(self._ends)
        for alert_id, kept in sorted(self._kept.items()):
            if kept.as_of is None and kept.alert is not None:
                kept.as_of = kept.alert.as_of
                if kept.status in OPEN:
                    kept.owed, kept.since = "raised", now
                self._again.append(alert_id)
            elif live_again and kept.status in OPEN:
                self._again.append(alert_id)
            self._wake(alert_id, kept)
        self._again.reverse()

    # Being asked.

    @property
    def held(self) -> int:
        """How many actions wait for the watermark."""
        return len(self._held)

    @property
    def silences(self) -> tuple[Silence, ...]:
        """The silences that hold, by when they end."""
        return tuple(sorted(self._silences.values(), key=lambda each: (each.until, each.key)))

    @property
    def next_moment(self) -> datetime | None:
        """The next moment at which something happens by itself, or was told; None where nothing does."""
        return self._next_moment(())

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert as operators have it, or None where there is none."""
        kept = self._kept.get(alert_id)
        return None if kept is None or kept.alert is None else self._shown(kept, kept.alert)

    def alerts(self) -> list[Alert]:
        """Return every alert as operators have it, whatever its status, by when it was raised."""
        shown = (
            self._shown(kept, kept.alert) for kept in self._kept.values() if kept.alert is not None
        )
        return sorted(shown, key=lambda alert: (alert.raised_at, alert.alert_id))

    # Moments.

    def _next_moment(self, said: Sequence[Alert]) -> datetime | None:
        while self._wakes and self._kept[self._wakes[0][1]].wake != self._wakes[0][0]:
            heapq.heappop(self._wakes)
        moments = [self.now] if self._again and self.now is not None else []
        moments += [alert.as_of for alert in said]
        moments += [heap[0][0] for heap in (self._held, self._ends, self._wakes) if heap]
        return min(moments, default=None)

    def _touch(self, alert_id: str) -> _Kept:
        """Return what is kept of an alert, noting how it was before this moment."""
        kept = self._kept.get(alert_id)
        if kept is None:
            kept = self._kept[alert_id] = _Kept()
        self._touched.setdefault(alert_id, (kept.alert, kept.life))
        return kept

    def _act_on_all(self, now: datetime, lived: Lived) -> list[AlertTold]:
        """Do what people did up to now; return what came of steps that were not asked yet."""
        early: list[AlertTold] = []
        while self._held and self._held[0][0] <= now:
            action = heapq.heappop(self._held)[2]
            if not isinstance(action, AlertTold):
                self._act(action, now, lived)
            elif not self._tell(action, now, lived):
                early.append(action)
        return early

    def _holds(self, to: datetime) -> bool:
        """Say whether something was done up to a moment that was not acted on yet."""
        return bool(self._held) and self._held[0][0] <= to

    def _let_pass(self, now: datetime, most: int | None, lived: Lived) -> None:
        """End the silences that end now, and touch every alert whose time has come, while `most` are not touched."""
        while self._ends and self._ends[0][0] <= now:
            key = heapq.heappop(self._ends)[1]
            if key in self._silences and self._silences[key].until <= now:
                self._end_silence(key, lived)
        while (
            self._wakes and self._wakes[0][0] <= now and (most is None or len(self._touched) < most)
        ):
            wake_at, alert_id = heapq.heappop(self._wakes)
            if self._kept[alert_id].wake == wake_at:
                self._touch(alert_id)

    def _touch_due(self, alert_id: str, now: datetime) -> None:
        """Touch an alert if its time has come, however many are touched already."""
        wake = self._kept[alert_id].wake if alert_id in self._kept else None
        if wake is not None and wake <= now:
            self._touch(alert_id)

    def _settle(self, now: datetime, lived: Lived) -> None:
        """Do, for all that was touched, what is due by time; and give what changed."""
        lived.looked_at += len(self._touched)
        for alert_id, before in self._touched.items():
            kept = self._kept[alert_id]
            if kept.alert is not None:
                self._live(kept, kept.alert, now)
                if (kept.alert, kept.life) != before:
                    kept.as_of = now
                    lived.alerts.append(self._shown(kept, kept.alert))
                self._wake(alert_id, kept)
            lived.lives[alert_id] = ""  # written once, at the end
        self._touched = {}

    def _live(self, kept: _Kept, alert: Alert, now: datetime) -> None:
        life = kept.life
        if life.acknowledged_until is not None and life.acknowledged_until <= now:
            kept.change(acknowledged_by=None, acknowledged_until=None)
            kept.owed, kept.since, kept.again = "lapsed", now, 0
        self._quieten(kept, alert, now)
        while (due := self._due(kept, alert)) is not None and due[1] <= now:
            self._ask(kept, alert, due[0], now)
        kind, at = due or (None, None)
        if (kind, at) != (kept.life.next_step, kept.life.next_step_at):
            kept.change(next_step=kind, next_step_at=at)

    def _wake(self, alert_id: str, kept: _Kept) -> None:
        life = kept.life
        wakes = [at for at in (life.next_step_at, life.silenced_until) if at is not None]
        wake = min(wakes, default=None)
        if wake != kept.wake:
            kept.wake = wake
            if wake is not None:
                heapq.heappush(self._wakes, (wake, alert_id))

    @staticmethod
    def _shown(kept: _Kept, alert: Alert) -> Alert:
        status, as_of = kept.status_of(alert), kept.as_of or alert.as_of
        return replace(alert, status=status, as_of=as_of, life=kept.life)

    # The ladder.

    def _terms(self, alert: Alert, moment: datetime) -> Terms:
        return self.policy.terms(f"severity-{alert.severity}", moment, alert.authority)

    def _due(self, kept: _Kept, alert: Alert) -> tuple[str, datetime] | None:
        """Return the next thing that happens by time alone, and when; None where nothing does."""
        life = kept.life
        if life.acknowledged_until is not None:
            return "lapsed", life.acknowledged_until
        if kept.status != "raised" or kept.since is None or not alert.tell:
            return None
        terms = self._terms(alert, kept.since)
        kept_hours = terms.flag("working_hours")
        kind, at = kept.owed, kept.since
        if not kind:
            if not terms.flag("chased"):
                return None
            limit = self._limit(kept, terms)
            kind = "chased"
            at = (
                limit.within(self._hours, at)
                if kept_hours
                else limit.after(at, self.policy.calendar)
            )
        if life.silenced_until is not None:
            at = max(at, life.silenced_until)
        return kind, self._hours.next(at) if kept_hours else at

    @staticmethod
    def _limit(kept: _Kept, terms: Terms) -> Limit:
        chased = kept.life.steps[-1].kind == "chased"
        limit = terms.limit("chase_within" if chased else "acknowledge_within")
        return limit.times(1 << min(kept.again, _MOST_DOUBLINGS)) if kept.again else limit

    def _ask(self, kept: _Kept, alert: Alert, kind: str, now: datetime) -> None:
        """Ask for the roles of the next rung to be told, or for those of this one where nothing was chased.

        Past the last rung it is chased again; with it, where it cannot be told, the highest rung that was.
        """
        rungs = rungs_of(alert.tell)
        if kind == "chased":
            kept.again += kept.rung + 1 >= len(rungs)
            kept.rung += 1
        kept.rung = rung = min(kept.rung, len(rungs) - 1)
        if not self._hours.hold(now) and not self._has_somebody_now(rungs[rung]):
            kept.rung = next(
                (
                    place
                    for place in range(rung + 1, len(rungs))
                    if self._has_somebody_now(rungs[place])
                ),
                rung,
            )
        roles = dict.fromkeys(role for each in rungs[rung : kept.rung + 1] for role in each)
        if kept.again:
            roles |= dict.fromkeys(_reachable(kept, rungs))
        kept.owed, kept.since = "", now
        self._add_step(kept, kind, tuple(roles), now)

    def _has_somebody_now(self, roles: tuple[str, ...]) -> bool:
        """Say whether, outside working hours, one of these roles has somebody."""
        return any(not self.policy.roles.get(role, _UNKNOWN_ROLE).working_hours for role in roles)

    @staticmethod
    def _add_step(kept: _Kept, kind: str, roles: tuple[str, ...], now: datetime) -> None:
        number = kept.life.steps[-1].number + 1 if kept.life.steps else 1
        step = Step(number=number, kind=kind, roles=roles, at=now)
        kept.change(steps=_newest(kept.life.steps, step))

    @staticmethod
    def _begin(kept: _Kept, kind: str, now: datetime) -> None:
        """Begin at the first rung, as if nobody had taken it up or closed it."""
        kept.owed, kept.since, kept.rung, kept.again, kept.wanted = kind, now, 0, 0, ""
        kept.change(
            acknowledged_by=None,
            acknowledged_until=None,
            closing_by=None,
            closed_by=None,
            second_by=None,
            outcome=None,
        )

    # What the rules say.

    def _rule_said(self, after: Alert, now: datetime, lived: Lived) -> None:
        """Take an alert as its rule now has it: begun, worse, finished, or merely changed."""
        kept = self._touch(after.alert_id)
        before, was = kept.alert, kept.status
        kept.alert = after
        if after.rule == nobody_to_tell.SLUG:
            lived.own[after.alert_id] = after
        if after.status == "raised":
            if before is None:
                self._begin(kept, "raised", now)
            elif before.status != "raised" or _is_worse(before, after):
                new = before.raised_at != after.raised_at
                kind = "worse" if before.status == "raised" else "raised" if new else "reopened"
                kept.seen_from = now
                self._begin(kept, kind, now)
        elif was in OPEN:
            kept.owed, kept.since, kept.wanted = "", None, ""
            kept.change(acknowledged_by=None, acknowledged_until=None, closing_by=None)
            self._resolve(kept, now)

    def _resolve(self, kept: _Kept, now: datetime) -> None:
        """Ask that those who were told, and do not know yet that it is over, be told that too."""
        asked = {step.number: step.kind for step in kept.life.steps}
        over: dict[str, int] = {}
        for step in kept.life.steps:
            if step.kind == "resolved":
                over |= dict.fromkeys(step.roles, step.number)
        roles = {
            each.role
            for each in kept.life.told
            if each.outcome in _REACHED
            and each.step is not None
            and asked.get(each.step, "resolved") != "resolved"
            and each.step > over.get(each.role, 0)
        }
        if roles:
            self._add_step(kept, "resolved", tuple(sorted(roles)), now)

    # What people did.

    def _act(self, action: Action, now: datetime, lived: Lived) -> None:
        if isinstance(action, AlertsSilenced):
            self._silence(action, now, lived)
        elif isinstance(action, SilenceEnded):
            self._unsilence(action, lived)
        else:
            on_one = cast("OnOneAlert", action)
            kept = self._touch(on_one.alert)
            _note(kept, on_one, self._refused(kept, on_one, now))

    def _refused(  # noqa: PLR0911 (one for each reason)
        self,
        kept: _Kept,
        action: OnOneAlert,
        now: datetime,
    ) -> Refusal | None:
        """Do what an operator asks of one alert, or return why it is not done."""
        alert = kept.alert
        if alert is None:
            return "not-raised-yet"
        if isinstance(action, AlertNoted):
            return None
        if isinstance(action, AlertReopened):
            if kept.status in OPEN:
                return "not-closed"
            if kept.status != "closed":
                return "finished"
            self._begin(kept, "reopened", now)
            return None
        if kept.status not in OPEN:
            return "finished"
        if isinstance(action, AlertAssigned):
            kept.change(owner=action.to)
            return None
        if isinstance(action, AlertClosed):
            return self._close(kept, alert, action, now)
        return self._acknowledge(kept, alert, action, now)

    def _acknowledge(
        self, kept: _Kept, alert: Alert, action: AlertAcknowledged, now: datetime
    ) -> Refusal | None:
        terms = self._terms(alert, now)
        if action.until is not None and action.until <= now:
            return "past"
        until = action.until or terms.due_after(now, "acknowledged_for")
        longest = terms.due_after(now, "acknowledged_at_most")
        kept.owed = ""
        kept.change(acknowledged_by=action.by, acknowledged_until=min(until, longest))
        return None

    def _close(
        self, kept: _Kept, alert: Alert, action: AlertClosed, now: datetime
    ) -> Refusal | None:
        terms, asked_by = self._terms(alert, now), kept.life.closing_by
        by, second = action.by, action.second_by
        agreed = asked_by is not None and action.outcome == kept.wanted
        if terms.flag("close_needs_two"):
            other = second or (asked_by if agreed else None)
            if _same_person(by, other):
                return "same-person"
            if second is None and agreed and asked_by is not None:
                by, second = asked_by, action.by
        # What a second person agrees to, the first has said why.
        said_why = action.rationale or (
            agreed and any(_same_person(asked_by, each) for each in (by, second))
        )
        if terms.flag("rationale_required") and not said_why:
            return "no-rationale"
        if terms.flag("close_needs_two") and second is None:
            kept.wanted = action.outcome
            kept.change(closing_by=by)
            return None
        kept.owed, kept.wanted = "", ""
        kept.change(
            acknowledged_by=None,
            acknowledged_until=None,
            closing_by=None,
            closed_by=by,
            second_by=None if second == by else second,
            outcome=action.outcome,
        )
        return None

    # Silence.

    def _silence(self, action: AlertsSilenced, now: datetime, lived: Lived) -> None:
        silence = silence_of(action, now)
        if isinstance(silence, str) or silence.key in self._silences:
            return
        self._silences[silence.key] = silence
        heapq.heappush(self._ends, (silence.until, silence.key))
        lived.silences[silence.key] = json.dumps(silence, default=_plain)
        for alert_id, kept in sorted(self._kept.items()):
            if kept.alert is not None and kept.status in OPEN and _is_meant(silence, kept.alert):
                _note(self._touch(alert_id), action, None)

    def _unsilence(self, action: SilenceEnded, lived: Lived) -> None:
        key = f"{action.authority}/{action.silence}"
        silence = self._silences.get(key)
        if silence is None:
            return
        self._end_silence(key, lived)
        for alert_id, kept in sorted(self._kept.items()):
            its_own = kept.alert is not None and _is_meant(silence, kept.alert)
            if its_own and kept.life.silence == silence.silence_id:
                _note(self._touch(alert_id), action, None)

    def _end_silence(self, key: str, lived: Lived) -> None:
        del self._silences[key]
        lived.silences[key] = None

    def _quieten(self, kept: _Kept, alert: Alert, now: datetime) -> None:
        """Let the silence that holds longest, of those that mean this alert, be the alert's."""
        found: tuple[datetime, str] | None = None
        if self._silences and kept.status in OPEN:
            longest = self._terms(alert, now).limit("silenced_at_most")
            for each in self._silences.values():
                if kept.seen_from is not None and each.at <= kept.seen_from:
                    continue
                ends_at = min(each.until, longest.after(each.at, self.policy.calendar))
                if ends_at > now and _is_meant(each, alert):
                    found = max(found or (ends_at, each.silence_id), (ends_at, each.silence_id))
        until, silence_id = found or (None, None)
        if (silence_id, until) != (kept.life.silence, kept.life.silenced_until):
            kept.change(silence=silence_id, silenced_until=until)

    # What came of telling people.

    def _tell(self, action: AlertTold, now: datetime, lived: Lived) -> bool:
        """Note what came of a step; return False for one that was not asked, or not of this role."""
        kept = self._kept.get(action.alert, _Kept())
        alert, steps = kept.alert, kept.life.steps
        named = (each for each in steps if each.number == action.step and action.role in each.roles)
        step = next(named, None)
        if step is None or alert is None:
            return False
        self._touch(action.alert)
        telling = Telling(
            role=action.role,
            by=action.by,
            at=action.occurred_at,
            step=action.step,
            outcome=action.outcome,
            event_id=action.event_id,
        )
        kept.change(told=_newest_told(kept.life.told, telling))
        if action.outcome == ATTEMPT_FAILED:
            # What came of the step is said when there is no other attempt to make.
            return True
        if action.outcome == "told":
            self._somebody(action, alert, now, lived)
        else:
            if action.outcome in _UNREACHED:
                self._nobody(action, alert, now, lived)
            self._pass_on(kept, alert, step, now)
        if kept.status not in OPEN and kept.life.closed_by is None:
            # Told while the news that it was over was on its way.
            self._resolve(kept, now)
        return True

    @staticmethod
    def _pass_on(kept: _Kept, alert: Alert, step: Step, now: datetime) -> None:
        """Let the next rung be asked at once, where nobody is known to have heard of a step, and there is one."""
        if step != kept.life.steps[-1] or kept.status != "raised" or kept.owed:
            return
        came = [each for each in kept.life.outcomes if each.step == step.number]
        told = {each.role for each in came if each.outcome == "told"}
        tried = {each.role for each in came}
        if told or not tried >= set(step.roles):
            return
        if kept.rung + 1 < len(alert.tell) or not tried >= set(
            _reachable(kept, rungs_of(alert.tell))
        ):
            kept.owed, kept.since = "chased", now

    def _nobody(self, action: AlertTold, about: Alert, now: datetime, lived: Lived) -> None:
        """Raise `nobody-to-tell` for a role, or add an alert to it."""
        alert_id = f"{nobody_to_tell.SLUG}/{action.role}/{about.authority}"
        if alert_id == action.alert:
            return
        kept = self._touch(alert_id)
        member = Member(key=action.alert, states=(action.outcome,))
        standing = kept.alert if kept.alert is not None and kept.alert.status == "raised" else None
        members = {} if standing is None else {each.key: each for each in standing.members}
        if member.key not in members and len(members) >= MOST_MEMBERS:
            return
        members[member.key] = member
        in_order = tuple(members[key] for key in sorted(members))
        if standing is not None:
            was_closed = kept.status == "closed"
            self._rule_said(replace(standing, members=in_order, as_of=now), now, lived)
            if was_closed:
                kept.seen_from = now
                self._begin(kept, "reopened", now)
            return
        terms = self.policy.terms(nobody_to_tell.SLUG, now, about.authority)
        agency, role = terms.responsible
        reference = (EventReference.to(action),)
        raised = Alert(
            alert_id=alert_id,
            rule=nobody_to_tell.SLUG,
            rule_version=nobody_to_tell.RULE.version,
            policy_version=self.policy.version,
            severity=terms.severity,
            about_kind="agency",
            about=self.policy.roles.get(action.role, _UNKNOWN_ROLE).agency,
            authority=about.authority,
            status="raised",
            reason="overdue",
            trigger=reference,
            evidence=reference,
            missing=("somebody-to-tell",),
            members=in_order,
            due_at=now,
            raised_at=now,
            answered_at=None,
            as_of=now,
            responsible_agency=agency,
            responsible_team=None,
            responsible_role=role,
            tell=terms.tell,
        )
        self._rule_said(raised, now, lived)

    def _somebody(self, action: AlertTold, about: Alert, now: datetime, lived: Lived) -> None:
        """Answer `nobody-to-tell` for a role of which somebody was told."""
        kept = self._kept.get(f"{nobody_to_tell.SLUG}/{action.role}/{about.authority}")
        if kept is None or kept.alert is None or kept.alert.status != "raised":
            return
        answered = replace(
            kept.alert,
            status="answered",
            reason="answered-late",
            answered_at=action.occurred_at,
            evidence=(*kept.alert.trigger, EventReference.to(action)),
            as_of=now,
        )
        self._rule_said(answered, now, lived)


def _note(kept: _Kept, action: Action, refused: Refusal | None) -> None:
    done = Done(
        event_id=action.event_id,
        event=type(action).__name__,
        by=action.by,
        occurred_at=action.occurred_at,
        refused=refused,
    )
    kept.change(actions=_newest(kept.life.actions, done))


def _is_meant(silence: Silence, alert: Alert) -> bool:
    return silence.authority == alert.authority and _matcher(silence.matcher).matches(alert)


def _same_person(key: str | None, other: str | None) -> bool:
    """Say whether two keys are one person's; one that is written in other letters is nobody else's."""
    return key is not None and other is not None and key.casefold() == other.casefold()


def _reachable(kept: _Kept, rungs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the roles of the highest rung that was told, by each role's last telling; none if it is the last rung."""
    last = {each.role: each.outcome for each in kept.life.outcomes}
    reached = {role for role, outcome in last.items() if outcome == "told"}
    if not reached.isdisjoint(rungs[-1]):
        return ()
    return next((roles for roles in reversed(rungs) if not reached.isdisjoint(roles)), ())


def _is_worse(before: Alert, after: Alert) -> bool:
    return after.severity < before.severity or (
        before.reason == "due-soon" and after.reason != "due-soon"
    )
