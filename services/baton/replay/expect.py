"""Comparing what was said with what was expected, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.replay.show import local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from baton.engine.alerts import Alert
    from baton.replay.scenario import Expected, Scenario


def differences(
    scenario: Scenario, alerts: Sequence[Alert], plain: Callable[[str], str]
) -> list[str]:
    """Return what is not as expected, one text for each expectation or alert; nothing where all is met.

    Every expectation must have an alert of its own. `plain` turns keys into ids as told.
    """
    given = _pair(scenario.expected, alerts, plain)
    taken = set(given.values())
    spare = [alert for place, alert in enumerate(alerts) if place not in taken]
    found = []
    for number, expected in enumerate(scenario.expected):
        if number not in given:
            found.append(_unmet(expected, spare, plain))
    if not scenario.others_allowed:
        found += [f"not expected: {_said(alert, plain)}" for alert in spare]
    return found


def _pair(
    expected: Sequence[Expected], alerts: Sequence[Alert], plain: Callable[[str], str]
) -> dict[int, int]:
    """Give as many expectations as possible an alert of their own, by augmenting paths."""
    fits = [
        [place for place, alert in enumerate(alerts) if not _wrong(each, alert, plain)]
        for each in expected
    ]
    holder: dict[int, int] = {}

    def place_for(number: int, tried: set[int]) -> bool:
        for place in fits[number]:
            if place not in tried:
                tried.add(place)
                if place not in holder or place_for(holder[place], tried):
                    holder[place] = number
                    return True
        return False

    for number in range(len(expected)):
        place_for(number, set())
    return {number: place for place, number in holder.items()}


def _wrong(expected: Expected, alert: Alert, plain: Callable[[str], str]) -> list[str]:
    """Return in what an alert differs from an expectation."""
    members = frozenset(plain(member.key) for member in alert.members)
    checks = {
        "alert": alert.rule == expected.alert,
        "about": plain(alert.about) == expected.about,
        "at": expected.at in {None, alert.raised_at},
        "after": expected.after is None or alert.raised_at >= expected.after,
        "before": expected.before is None or alert.raised_at <= expected.before,
        "status": expected.status in {None, alert.status},
        "reason": expected.reason in {None, alert.reason},
        "severity": expected.severity in {None, alert.severity},
        "due_at": expected.due_at in {None, alert.due_at},
        "answered_at": expected.answered_at in {None, alert.answered_at},
        "members": expected.members in {None, members},
        "owner": expected.owner in {None, alert.life.owner},
        "steps": expected.steps in {None, steps_of(alert)},
        "refused": expected.refused in {None, refused_of(alert)},
    }
    return [name for name, is_right in checks.items() if not is_right]


def steps_of(alert: Alert) -> tuple[str, ...]:
    """Return why people were to be told of an alert, time by time."""
    return tuple(each.kind for each in alert.life.steps)


def refused_of(alert: Alert) -> tuple[str, ...]:
    """Return why what people did to an alert had no effect, for each that had none."""
    return tuple(each.refused for each in alert.life.actions if each.refused is not None)


def _unmet(expected: Expected, spare: Sequence[Alert], plain: Callable[[str], str]) -> str:
    lines = [f"expected (line {expected.line}): {_wanted(expected)}"]
    near = [
        (wrong, alert)
        for alert in spare
        if not {"alert", "about"} & set(wrong := _wrong(expected, alert, plain))
    ]
    if near:
        wrong, alert = min(near, key=lambda each: len(each[0]))
        lines += [f"found: {_said(alert, plain)}", f"differs in: {', '.join(wrong)}"]
    else:
        lines.append("found: no such alert")
    return "\n  ".join(lines)


def _wanted(expected: Expected) -> str:
    times = {
        "raised at": expected.at,
        "raised at or after": expected.after,
        "raised at or before": expected.before,
        "due": expected.due_at,
        "answered at": expected.answered_at,
    }
    parts = [f"{expected.alert} about {expected.about}"]
    parts += [f"{name} {local(at)}" for name, at in times.items() if at is not None]
    parts += [
        f"{name} {value}"
        for name in ("status", "reason", "severity", "owner")
        if (value := getattr(expected, name)) is not None
    ]
    if expected.members is not None:
        parts.append(f"members {' '.join(sorted(expected.members)) or 'none'}")
    for name, words in (("steps", expected.steps), ("refused", expected.refused)):
        if words is not None:
            parts.append(f"{name} {' '.join(words) or 'none'}")
    return ", ".join(parts)


def _said(alert: Alert, plain: Callable[[str], str]) -> str:
    parts = [
        f"{alert.rule} about {plain(alert.about)}",
        f"raised at {local(alert.raised_at)}",
        f"status {alert.status}",
        f"reason {alert.reason or 'not shown'}",
        f"severity {alert.severity}",
    ]
    if alert.due_at is not None:
        parts.append(f"due {local(alert.due_at)}")
    if alert.answered_at is not None:
        parts.append(f"answered at {local(alert.answered_at)}")
    if alert.members:
        parts.append(f"members {' '.join(sorted(plain(member.key) for member in alert.members))}")
    if alert.life.owner is not None:
        parts.append(f"owner {alert.life.owner}")
    for name, words in (("steps", steps_of(alert)), ("refused", refused_of(alert))):
        if words:
            parts.append(f"{name} {' '.join(words)}")
    return ", ".join(parts)
