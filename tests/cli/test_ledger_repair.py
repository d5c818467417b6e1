"""What a rebuild takes for told: the audit's end divides what a replay tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from baton.agents.chain import Chain
from baton.audit import verify
from baton.cli.ledger_repair import AuditEnd, Retold
from baton.contract import codec
from baton.contract.audit import digest
from baton.contract.topics import ALERTS, AUDIT
from baton.ledger import Output

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def told(*alert_ids: str, at: Mapping[str, datetime] = MappingProxyType({})) -> list[Output]:
    """Give what a judge writes of these alerts, one after the other: each alert, a copy for an agency, its entry."""
    chain = Chain()
    outputs: list[Output] = []
    for alert_id in alert_ids:
        topics = (ALERTS.name, "alerts-police")
        outputs += [Output(topic, alert_id.encode(), b"value") for topic in topics]
        said = {"at": at.get(alert_id, NOON), "what": "Alert", "alert": alert_id}
        outputs.append(chain.append({**said, "digest": digest(alert_id.encode())}, 0))
    return outputs


def end_of(outputs: list[Output]) -> AuditEnd:
    """Give the end of the audit that these outputs are on."""
    entries = [codec.decode(each.value)[1] for each in outputs if each.topic == AUDIT.name]
    digests = Counter(entry["digest"] for entry in entries)
    return AuditEnd(entries[-1]["sequence"], entries[-1]["hash"], digests, {}, NOON)


def retold(end: AuditEnd | None, outputs: list[Output]) -> Retold:
    """Hear a replay's outputs."""
    heard = Retold(end)
    for each in outputs:
        heard.hear(each)
    return heard


def test_what_comes_after_the_audits_end_is_the_rest() -> None:
    """In order, the agencies' copies too; what comes before it is what should be on the topic."""
    every = told("a", "b", "c")
    heard = retold(end_of(every[:3]), every)

    assert every[3:] == heard.rest
    assert [b"a"] == list(heard.alerts)
    assert heard.same_end


def test_without_an_end_everything_was_told() -> None:
    """As where the rows say how far the judge was."""
    heard = retold(None, told("a", "b"))

    assert [] == heard.rest
    assert [b"a", b"b"] == list(heard.alerts)


def test_another_entry_at_the_end_is_seen() -> None:
    """What was judged otherwise up to there has another hash, and nothing may be told behind it."""
    heard = retold(end_of(told("x")), told("a", "b"))

    assert not heard.same_end


def test_in_which_order_things_were_entered_does_not_count() -> None:
    """Time may have stood still meanwhile; what is told now goes on from the audit's own end, and the chain holds."""
    audit = told("b", "a")
    heard = retold(end_of(audit), told("a", "b", "c", "d"))

    assert heard.same_end
    assert [b"c", b"c", b"d", b"d"] == [each.key for each in heard.rest if each.key]
    entries = [each for each in (*audit, *heard.rest) if each.topic == AUDIT.name]
    assert verify(codec.decode(each.value)[1] for each in entries).holds


def test_an_audit_that_ends_inside_a_stop_is_finished() -> None:
    """Time stood still at the second of four alerts when a deed was entered: the other two are the rest."""
    audit = told("a", "b", "deed")
    heard = retold(end_of(audit), told("a", "b", "c", "d", "deed", "e"))

    assert heard.same_end
    assert [b"c", b"c", b"d", b"d", b"e", b"e"] == [each.key for each in heard.rest if each.key]
    assert [b"a", b"b", b"deed"] == list(heard.alerts)
    entries = [each for each in (*audit, *heard.rest) if each.topic == AUDIT.name]
    assert verify(codec.decode(each.value)[1] for each in entries).holds


def test_what_was_passed_over_is_not_the_rest() -> None:
    """An alert before the moment up to which the judge had told was judged otherwise, and an audit has no holes."""
    audit = told("a", "c")
    earlier = told("a", "b", "c", at={"b": NOON - timedelta(seconds=1)})

    assert not retold(end_of(audit), earlier).same_end
    assert not retold(end_of(told("a", "b", "c")[3:]), told("b", "c")).same_end


def test_a_record_that_was_told_in_part_is_not_beyond() -> None:
    """Only what comes wholly after the end is left to the worker; what tells nothing is not."""
    every = told("a", "b", "c")
    end = end_of(every[:6])

    assert not retold(end, every[:3]).is_beyond(every[3:])
    assert retold(end, every[:6]).is_beyond(every[6:])
    assert not retold(end, every[:6]).is_beyond([])
    assert retold(AuditEnd(), []).is_beyond(every)
