"""What `judge` does with the facts: let the engine hear them, let time pass, and write what changed.

Its rows are one for each fact and action, each alert as its rule has it and what became of it, each silence that
holds, each chronology that waits for something, and each origin's tick; and one for the policy by which it last judged.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from baton.agents.alert_record import alert_of, fields_of
from baton.contract import codec
from baton.contract.topics import ALERTS, SOURCE_TOPICS
from baton.engine.engine import Engine, Wake
from baton.engine.life import Lives
from baton.engine.translate import to_action, to_fact
from baton.engine.watermark import TICK_ROW, Watermark
from baton.ledger.process import Effects, Output
from baton.rules.facts import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

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

_FACT, _ALERT, _WAKE, _TICK, _POLICY = b"f/", b"a/", b"w/", TICK_ROW, b"p/"
_LIFE, _OWN, _SILENCE = b"l/", b"n/", b"s/"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Judge:
    """The pure part of the facts' one partition: the engine, what becomes of its alerts, and their rows as bytes."""

    def __init__(self, policy: Policy) -> None:
        """Begin with nothing known."""
        self.engine = Engine(policy)
        self.lives = Lives(policy)
        self.watermark = Watermark(ORIGINS)
        self.raised: dict[str, int] = {}
        self._policy = policy.fingerprint.encode()
        self._judged_by: bytes | None = None

    def load(self, key: bytes, value: bytes) -> None:
        """Take back one row. Raises for one that cannot be read: there is no default for what was known."""
        kind, rest = key[:2], key[2:].decode()
        if kind == _FACT:
            told, order = _told_of(codec.decode(value)[1])
            if isinstance(told, Action):
                self.lives.hear(told, order)
            else:
                self.engine.restore_fact(told, order)  # type: ignore[arg-type]  # what has a row is one of the two
        elif kind == _ALERT:
            alert = alert_of(codec.decode(value)[1])
            self.engine.restore_alert(rest.removesuffix(f"|{alert.alert_id}"), alert)
            self.lives.restore_alert(alert)
        elif kind == _OWN:
            self.lives.restore_alert(alert_of(codec.decode(value)[1]))
        elif kind == _LIFE:
            self.lives.restore_life(rest, value.decode())
        elif kind == _SILENCE:
            self.lives.restore_silence(value.decode())
        elif kind == _WAKE:
            self.engine.restore_wake(rest, _wake_of(value))
        elif kind == _TICK:
            self.watermark.advance(rest, codec.decode(value)[1]["at"])
        elif kind == _POLICY:
            self._judged_by = value
        else:
            message = f"a row of unknown kind: {kind!r}"
            raise ValueError(message)

    def loaded(self) -> None:
        """Rebuild deadlines and chronologies, as of the last watermark.

        What is open is judged again if that was by another policy: a bank holiday may have been announced since.
        """
        now, again = self.watermark.now, self._judged_by != self._policy
        self.engine.restored(now, judge_again=again)
        self.lives.restored(now, live_again=again)

    def apply(self, records: Sequence[Record]) -> Effects:
        """Hear what was told, and let time come as far as the slowest origin has, record by record.

        So batches play no part; and a fact from before now, by a broker's clock that stepped back, is judged at once.
        """
        effects = Effects()
        for record in records:
            name, fields = codec.decode(record.value)
            if name == "TickForwarded":
                if self.watermark.advance(fields["origin"], fields["at"]):
                    effects.rows[_TICK + fields["origin"].encode()] = record.value
                    self._advance(self.watermark.now, effects)
                continue
            told, order = _told_of(fields)
            # A record that is neither a fact nor an action, of a contract newer than this worker, is passed over.
            if told is not None and self._hear(told, order):
                effects.rows[_row_of(told.identity)] = record.value
                if self.engine.now is not None and told.received_at <= self.engine.now:
                    self._advance(self.engine.now, effects)
        effects.routine = not effects.outputs and all(key.startswith(_TICK) for key in effects.rows)
        return effects

    def _hear(self, told: Fact, order: Order) -> bool:
        if isinstance(told, Action):
            return self.lives.hear(told, order)
        return self.engine.hear(told, order)

    def _advance(self, to: datetime | None, effects: Effects) -> None:
        if to is None:
            return
        changes = self.engine.advance(to)
        self._write(changes, effects)
        self._write_lives(self.lives.advance(to, [alert for _, alert in changes.alerts]), effects)
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
            timestamp_ms = (alert.as_of - _EPOCH) // timedelta(milliseconds=1)
            effects.outputs.append(
                Output(
                    ALERTS.name,
                    alert.alert_id.encode(),
                    _value_of(alert),
                    timestamp_ms=timestamp_ms,
                )
            )
            if alert.status == "raised" and alert.raised_at == alert.as_of:
                self.raised[alert.rule] = self.raised.get(alert.rule, 0) + 1
        for alert_id, life in lived.lives.items():
            effects.rows[_LIFE + alert_id.encode()] = life.encode()
        for alert_id, alert in lived.own.items():
            effects.rows[_OWN + alert_id.encode()] = _value_of(alert)
        for key, silence in lived.silences.items():
            row = None if silence is None else silence.encode()
            effects.rows[_SILENCE + key.encode()] = row


def _value_of(alert: Alert) -> bytes:
    return codec.encode("Alert", fields_of(alert))


def _told_of(heard: dict[str, Any]) -> tuple[Fact | None, Order]:
    name, fields = codec.decode(heard["event"])
    told = to_fact(name, fields, heard["received_at"]) or to_action(
        name, fields, heard["received_at"]
    )
    return told, (heard["topic"], heard["partition"], heard["offset"])


def _row_of(identity: Identity) -> bytes:
    return _FACT + "/".join(identity).encode()


def _wake_row(wake: Wake) -> bytes:
    at = None if wake.at is None else wake.at.isoformat()
    return json.dumps({"at": at, "feeds": sorted(wake.feeds)}).encode()


def _wake_of(row: bytes) -> Wake:
    told = json.loads(row)
    at = None if told["at"] is None else datetime.fromisoformat(told["at"])
    return Wake(at, frozenset((authority, agency) for authority, agency in told["feeds"]))
