"""What `judge` does with the facts: let the engine hear them, let time pass, and write what changed.

Its rows are one for each fact and action, each alert as its rule has it and what became of it, each silence that
holds, each chronology that waits for something, and each origin's tick; one for the policy by which it last judged,
and one for the end of the audit's chain. An alert goes to `alerts`, to each entitled agency's topic and into the audit
in the same transaction.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from baton.agents.chain import Chain
from baton.contract import codec
from baton.contract.audit import digest
from baton.contract.topics import ALERT_ACTIONS, ALERTS, AUDIT, SOURCE_TOPICS, agency_alerts
from baton.engine.alert_record import alert_of, fields_of
from baton.engine.engine import Engine, Wake
from baton.engine.entitled import entitled_agencies
from baton.engine.life import Lives
from baton.engine.translate import to_action, to_fact
from baton.engine.watermark import TICK_ROW, Watermark
from baton.ledger.process import Effects, Output
from baton.rules.facts import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from baton.engine.alerts import Alert
    from baton.engine.engine import Changes, Identity, Order
    from baton.engine.life import Lived
    from baton.ledger.process import Record
    from baton.rules.facts import Fact
    from baton.rules.policy import Policy

ORIGINS: Final = tuple(
    f"{topic.name}-{partition}" for topic in SOURCE_TOPICS for partition in range(topic.partitions)
)
"""Every source partition: time comes only as far as the slowest of them."""

MOST_AT_ONCE: Final = 2_000
MOST_EACH: Final = 5
"""Chronologies that are judged, and alerts whose time has come, in one transaction; as many more for each record of it.

Time stops after the moment with which that is exceeded, or within one that alone is more, and goes on in the next
transaction: a hundred thousand deadlines of one second would make one that runs out of time, again and again.
"""

CHAIN_ROW: Final = b"c/"
"""The row that says where the audit's chain ends."""

_FACT, _ALERT, _WAKE, _TICK, _POLICY = b"f/", b"a/", b"w/", TICK_ROW, b"p/"
_LIFE, _OWN, _SILENCE, _STOPPED, _AHEAD = b"l/", b"n/", b"s/", b"m/", b"u/"
_AT, _NO_FEEDS = b'{"at": "', b'", "feeds": []}'
_LONGEST_DETAIL: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Judge:
    """The pure part of the facts' one partition: the engine, what becomes of its alerts, and their rows as bytes."""

    def __init__(self, policy: Policy, most: int = MOST_AT_ONCE) -> None:
        """Begin with nothing known; `most` chronologies are judged at once, and more for each record."""
        self.engine = Engine(policy)
        self.lives = Lives(policy)
        self.watermark = Watermark(ORIGINS)
        self.chain = Chain()
        self.raised: dict[str, int] = {}
        self._agency_of = {name: role.agency for name, role in policy.roles.items()}
        self._policy = policy.fingerprint.encode()
        self._judged_by: bytes | None = None
        self._ticks: dict[bytes, bytes | None] = {}
        self._ahead: set[bytes] = set()
        self._judged_to: dict[str, datetime] = {}
        self._stopped_at: datetime | None = None
        self._most = most
        self._left = 0

    def load(self, key: bytes, value: bytes) -> None:
        """Take back one row. Raises for one that cannot be read: there is no default for what was known."""
        kind, rest = key[:2], key[2:].decode()
        load = self._LOADERS.get(kind)
        if load is None:
            message = f"a row of unknown kind: {kind!r}"
            raise ValueError(message)
        load(self, rest, value)

    def _load_fact(self, _: str, value: bytes) -> None:
        told, order = _told_of(codec.decode_own(value)[1], codec.decode_own)
        if isinstance(told, Action):
            self.lives.hear(told, order)
        else:
            self.engine.restore_fact(told, order)  # type: ignore[arg-type]  # what has a row is one of the two

    def _load_alert(self, rest: str, value: bytes) -> None:
        alert = alert_of(codec.decode_own(value)[1])
        self.engine.restore_alert(rest.removesuffix(f"|{alert.alert_id}"), alert)
        self.lives.restore_alert(alert)

    def _load_own(self, _: str, value: bytes) -> None:
        self.lives.restore_alert(alert_of(codec.decode_own(value)[1]))

    def _load_wake(self, key: str, row: bytes) -> None:
        self.engine.restore_wake(key, _wake_of(row))

    def _load_policy(self, _: str, value: bytes) -> None:
        self._judged_by = value

    def _load_stopped(self, _: str, value: bytes) -> None:
        self._stopped_at = datetime.fromisoformat(value.decode())

    def _load_tick(self, origin: str, value: bytes) -> None:
        at = self._judged_to[origin] = codec.decode_own(value)[1]["at"]
        self.watermark.advance(origin, at)

    def _load_ahead(self, origin: str, value: bytes) -> None:
        self.watermark.advance(origin, codec.decode_own(value)[1]["at"])
        tick = _TICK + origin.encode()
        self._ticks[tick] = value
        self._ahead.add(_ahead(tick))

    _LOADERS: ClassVar[Mapping[bytes, Callable[[Judge, str, bytes], None]]] = {
        _FACT: _load_fact,
        _ALERT: _load_alert,
        _OWN: _load_own,
        _LIFE: lambda judge, alert_id, row: judge.lives.restore_life(alert_id, row.decode()),
        _SILENCE: lambda judge, _, row: judge.lives.restore_silence(row.decode()),
        _WAKE: _load_wake,
        _TICK: _load_tick,
        CHAIN_ROW: lambda judge, _, row: judge.chain.load(row),
        _POLICY: _load_policy,
        _STOPPED: _load_stopped,
        _AHEAD: _load_ahead,
    }
    """How each kind of row is taken back. Not a judge's own, which would refer to itself, and outlive its partition."""

    @property
    def unfinished(self) -> bool:
        """Whether time stopped on its way to where the ticks allow it to come."""
        return self._stopped_at is not None and self._allowed is not None

    def loaded(self) -> None:
        """Rebuild deadlines and chronologies, as of the moment up to which everything was judged.

        What is open is judged again if that was by another policy: a bank holiday may have been announced since.
        """
        # Not the watermark's: an origin that is new has no tick yet, and time had come as far as the others allowed.
        judged = self._judged_by is not None or len(self._judged_to) == len(ORIGINS)
        now = self._stopped_at or (min(self._judged_to.values()) if judged else None)
        again = self._judged_by != self._policy
        self.engine.restored(now, judge_again=again)
        self.lives.restored(now, live_again=again)

    def apply(self, records: Sequence[Record]) -> Effects:
        """Hear what was told, and let time come as far as the slowest origin has, record by record.

        So batches play no part; and a fact from before now, by a broker's clock that stepped back, is judged at once:
        where time has stopped it waits, and all behind it, until time has come to where the ticks are. How much is
        done at once must not decide as of when it is judged.
        """
        effects = Effects()
        self._left = self._most + MOST_EACH * len(records)
        if self.unfinished:
            self._advance(effects)
        for number, record in enumerate(records):
            name, fields = codec.decode(record.value)
            if name == "TickForwarded":
                self._hear_tick(fields, record.value, effects)
            elif not self._hear_told(fields, record.value, effects):
                effects.not_yet = len(records) - number
                break
        if any(output.topic == AUDIT.name for output in effects.outputs):
            effects.rows[CHAIN_ROW] = self.chain.row
        effects.routine = not effects.outputs and all(key.startswith(_TICK) for key in effects.rows)
        return effects

    def _hear_tick(self, fields: dict[str, Any], value: bytes | None, effects: Effects) -> None:
        if self.watermark.advance(fields["origin"], fields["at"]):
            self._ticks[_TICK + fields["origin"].encode()] = value
            # Where time stopped it stands until the next transaction.
            if self.unfinished:
                self._stop(effects)
            else:
                self._advance(effects)

    def _hear_told(self, fields: dict[str, Any], value: bytes | None, effects: Effects) -> bool:
        """Hear what was told; return False for what has to wait until time has come as far as the ticks."""
        told, order = _told_of(fields)
        if self.unfinished and told is not None and self._is_late(told):
            return False
        # What is neither a fact nor an action, such as somebody's look at an alert, is for the audit alone.
        new = told is not None and self._hear(told, order)
        if fields["topic"] == ALERT_ACTIONS.name and (new or told is None):
            self._note_deed(fields, effects)
        if told is not None and new:
            effects.rows[_row_of(told.identity)] = value
            if self._is_late(told):
                self._advance(effects)
        return True

    def _note_deed(self, heard: dict[str, Any], effects: Effects) -> None:
        """Append what somebody did, saw or was told to the audit, whatever becomes of it."""
        name, fields = codec.decode(heard["event"])
        said = {
            "at": heard["received_at"],
            "what": name,
            "alert": fields.get("alert"),
            "detail": _detail_of(name, fields),
            "by": None if name == "AlertTold" else fields.get("by"),
            "occurred_at": fields["occurred_at"],
            "event_id": fields["event_id"],
            "where": fields.get("where"),
            "why": fields["why"] if name == "AccessRecorded" else None,
            "digest": digest(heard["event"]),
        }
        at = _milliseconds(heard["received_at"])
        effects.outputs.append(self.chain.append(said, at))

    def _hear(self, told: Fact, order: Order) -> bool:
        if isinstance(told, Action):
            return self.lives.hear(told, order)
        return self.engine.hear(told, order)

    @property
    def _allowed(self) -> datetime | None:
        """How far the ticks allow time to come; None while an origin that is new is behind where it is already."""
        to, now = self.watermark.now, self.engine.now
        return None if to is None or (now is not None and to < now) else to

    def _is_late(self, told: Fact) -> bool:
        """Say whether something is told as of a moment up to which the ticks had come before: a clock stepped back.

        While an origin that is new holds time back, that moment is where time is, which may be where it had stopped.
        """
        # Where time did not stop, it is as far as the ticks allow.
        to = self._allowed if self._stopped_at is not None else None
        to = to or self.engine.now
        return to is not None and told.received_at <= to

    def _advance(self, effects: Effects) -> None:
        """Let time come as far as the ticks allow, or as far as may be done at once."""
        to, moment = self._allowed, None
        while to is not None and moment != to:
            moment = self._next_moment(to)
            # Between two moments if it can be: within one, what people did then is weighed before the rest of it.
            between = self.engine.now is None or moment > self.engine.now
            if (self._left <= 0 and between) or not self._pass(moment, effects, self._most):
                self._stop(effects)
                return
        if to is None:
            if self.engine.now is not None:
                # What is told late is judged at once all the same: after a restart it would not be asked about.
                self._pass(self.engine.now, effects, max(1, min(self._most, self._left)))
            if self.engine.now is not None and self._judged_by != self._policy:
                self._stop(effects)
            else:
                self._keep_ahead(effects)
        else:
            self._arrived(effects)

    def _next_moment(self, to: datetime) -> datetime:
        """Return the next moment at which the engine or an alert has something to do, or `to` if it is earlier."""
        return min(filter(None, (self.engine.next_moment, self.lives.next_moment, to)))

    def _pass(self, to: datetime, effects: Effects, most: int) -> bool:
        """Let time come to a moment, the rules first; return False where that is more than `most`."""
        changes = self.engine.advance(to, most)
        self._left -= changes.judged
        self._write(changes, effects)
        whole = changes.whole
        if self.engine.now is not None:
            said = [alert for _, alert in changes.alerts]
            lived = self.lives.advance(self.engine.now, said, most)
            self._left -= lived.looked_at
            self._write_lives(lived, effects)
            whole = whole and lived.whole
        return whole

    def _stop(self, effects: Effects) -> None:
        """Keep from where time is to go on, and that some is judged by this policy and some by the one before."""
        self._stopped_at = self.engine.now
        if self._stopped_at is not None:
            effects.rows[_STOPPED] = self._stopped_at.isoformat().encode()
        if self._judged_by != self._policy:
            self._judged_by = None
            effects.rows[_POLICY] = None
        self._keep_ahead(effects)

    def _keep_ahead(self, effects: Effects) -> None:
        """Keep the ticks beside those up to which all is judged: whoever reads these may rely on it."""
        for key, tick in self._ticks.items():
            effects.rows[_ahead(key)] = tick
            self._ahead.add(_ahead(key))

    def _arrived(self, effects: Effects) -> None:
        """Write the ticks up to which all is judged, and by which policy; forget where time had stopped."""
        effects.rows |= {**self._ticks, **dict.fromkeys(self._ahead)}
        self._ticks.clear()
        self._ahead.clear()
        if self._stopped_at is not None:
            self._stopped_at = effects.rows[_STOPPED] = None
        if self._judged_by != self._policy:
            # With what was judged again, in one transaction: a crash before it asks again.
            self._judged_by = effects.rows[_POLICY] = self._policy

    def _write(self, changes: Changes, effects: Effects) -> None:
        # Of the changes of one alert only the last is worth its bytes.
        for (key, alert_id), alert in {
            (key, each.alert_id): each for key, each in changes.alerts
        }.items():
            effects.rows[_ALERT + f"{key}|{alert_id}".encode()] = _value_of(alert)
        for key, wake in changes.wakes.items():
            effects.rows[_WAKE + key.encode()] = None if wake is None else _wake_row(wake)
        for identity in changes.forgotten:
            effects.rows[_row_of(identity)] = None

    def _write_lives(self, lived: Lived, effects: Effects) -> None:
        for alert in lived.alerts:
            fields = fields_of(alert)
            alert_key, value = alert.alert_id.encode(), codec.encode("Alert", fields)
            at = _milliseconds(alert.as_of)
            topics = [agency_alerts(each) for each in entitled_agencies(fields, self._agency_of)]
            effects.outputs += [
                Output(topic, alert_key, value, timestamp_ms=at)
                for topic in (ALERTS.name, *sorted(topics))
            ]
            said = {"at": alert.as_of, "what": "Alert", "alert": alert.alert_id}
            said["detail"] = " ".join(filter(None, (alert.status, alert.reason)))
            effects.outputs.append(self.chain.append({**said, "digest": digest(value)}, at))
            if alert.status == "raised" and alert.raised_at == alert.as_of:
                self.raised[alert.rule] = self.raised.get(alert.rule, 0) + 1
        for alert_id, life in lived.lives.items():
            effects.rows[_LIFE + alert_id.encode()] = life.encode()
        for alert_id, alert in lived.own.items():
            effects.rows[_OWN + alert_id.encode()] = _value_of(alert)
        for key, silence in lived.silences.items():
            row = None if silence is None else silence.encode()
            effects.rows[_SILENCE + key.encode()] = row


def _ahead(tick_row: bytes) -> bytes:
    return _AHEAD + tick_row.removeprefix(_TICK)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _value_of(alert: Alert) -> bytes:
    return codec.encode("Alert", fields_of(alert))


def _told_of(
    heard: dict[str, Any], decode: Callable[[bytes], tuple[str, dict[str, Any]]] = codec.decode
) -> tuple[Fact | None, Order]:
    name, fields = decode(heard["event"])
    told = to_fact(name, fields, heard["received_at"]) or to_action(
        name, fields, heard["received_at"]
    )
    return told, (heard["topic"], heard["partition"], heard["offset"])


def _detail_of(name: str, fields: dict[str, Any]) -> str | None:
    """Return the coded word by which the audit tells what was done; never words that somebody wrote."""
    if name == "AlertTold":
        return f"{fields['outcome']} {fields['role']} by {fields['by']}"[:_LONGEST_DETAIL]
    for field in ("what", "outcome", "to", "silence"):
        if field in fields:
            return str(fields[field])
    return None


def _row_of(identity: Identity) -> bytes:
    return _FACT + "/".join(identity).encode()


def _wake_row(wake: Wake) -> bytes:
    at = None if wake.at is None else wake.at.isoformat()
    return json.dumps({"at": at, "feeds": sorted(wake.feeds)}).encode()


@lru_cache(maxsize=4_096)
def _wake_of(row: bytes) -> Wake:
    """Read a row; what falls due at one moment, which may be very much, shares what is made of it."""
    if row.startswith(_AT) and row.endswith(_NO_FEEDS):
        # As nearly all are; JSON would take three times as long.
        return Wake(datetime.fromisoformat(row[len(_AT) : -len(_NO_FEEDS)].decode()))
    told = json.loads(row)
    at = None if told["at"] is None else datetime.fromisoformat(told["at"])
    return Wake(at, frozenset((authority, agency) for authority, agency in told["feeds"]))
