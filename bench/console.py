"""The console with very many alerts open: how long the first page takes, and the others.

Alerts are heard as from Kafka, the pages are asked for over a socket of loopback by somebody who is signed in, and
each answer is checked.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil
import uvicorn

from baton.access import Access, Entitlements, Operator
from baton.console.app import Parts, make_app
from baton.console.deeds import Deeds
from baton.console.sources import Sources
from baton.console.standing import Standing
from baton.contract import codec
from baton.reading import Message
from baton.runtime.cycles import keep
from bench.figures import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AGENCY_OF = {
    "public_protection_supervisor": "police",
    "hub_manager": "childrens_social_care",
    "receiving_team_manager": "childrens_social_care",
    "named_midwife": "midwifery",
}
RULES = [
    ("unreferred-incident", 1, "person", "public_protection_supervisor"),
    ("transfer-not-accepted", 2, "case", "receiving_team_manager"),
    ("referrer-not-told", 3, "case", "hub_manager"),
    ("midwifery-not-told", 1, "person", "named_midwife"),
]
PAGES = {
    "the list, most serious first": "/",
    "its last page": "/?page=100000",
    "two filters": "/?severity=1&agency=police",
    "a search": "/search?text=p-4711",
    "longest overdue first": "/?sort=due",
    "one alert": "/alert?id=unreferred-incident/p-0",
    "the figures": "/board",
}


class Unkept:
    """Takes the audit's records and the actions, and keeps none."""

    def note(self, *_: object, **__: object) -> None:
        """Take a record."""

    def tell(self, *_: object) -> None:
        """Take an action."""


def alerts(count: int) -> Iterator[Message]:
    """Give so many open alerts, as messages."""
    for number in range(count):
        rule, severity, kind, role = RULES[number % len(RULES)]
        key = f"{'p' if kind == 'person' else kind}-{number}"
        at = NOW - timedelta(minutes=number * 7 % 200_000)
        event = {
            "event_id": f"e-{number}",
            "event": "IncidentRecorded",
            "agency": "police",
            "occurred_at": at,
        }
        fields: dict[str, Any] = {
            "alert_id": f"{rule}/{key}",
            "rule": rule,
            "rule_version": 1,
            "policy_version": "2026-01-01",
            "severity": severity,
            "about": {"kind": kind, "key": key},
            "status": "raised",
            "reason": "overdue",
            "trigger": [event],
            "evidence": [event],
            "missing": ["ReferralReceived"],
            "due_at": at,
            "raised_at": at,
            "as_of": at,
            "responsible": {"agency": AGENCY_OF[role], "role": role, "team": f"team-{number % 40}"},
            "tell": [role, "hub_manager"],
        }
        yield Message(0, number, 0, None, codec.encode("Alert", fields))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=30)
    arguments = parser.parse_args()
    print(machine())
    access = Access(Entitlements(AGENCY_OF), now=NOW.timestamp)
    standing, unkept = Standing(access.entitlements), Unkept()
    messages = list(alerts(arguments.alerts))
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    standing.hear(messages)
    took = time.perf_counter() - started
    keep()  # as the feed does once it has caught up
    grown = (psutil.Process().memory_info().rss - before) / 1_048_576
    print(f"{len(standing):,} open alerts heard in {took:.1f} s; {grown:.0f} MiB more in memory")
    parts = Parts(
        access=access,
        standing=standing,
        deeds=Deeds(),
        sources=Sources(),
        teller=unkept,
        trail=unkept,
        now=lambda: NOW,
    )
    operator = Operator(
        key="op-1",
        roles=frozenset(AGENCY_OF),
        agencies=frozenset(AGENCY_OF.values()),
        authorities=frozenset({"local"}),
        board=True,
        signed_in_by="oidc",
    )
    number, _ = access.sessions.begin(NOW.timestamp(), operator)
    server = uvicorn.Server(uvicorn.Config(make_app(parts), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    first, worked, _ = ask(port, number, "/")
    print(f"the very first page: {first:.0f} ms, {worked:.0f} ms of them at work (bar: 200 ms)")
    print(f"{'page':<32}{'median ms':>10}{'worst ms':>10}{'at work':>10}{'KiB':>8}")
    for name, path in PAGES.items():
        asked = [ask(port, number, path) for _ in range(arguments.times)]
        taken, working, sizes = zip(*asked, strict=True)
        middle, work = statistics.median(taken), statistics.median(working)
        print(f"{name:<32}{middle:>10.0f}{max(taken):>10.0f}{work:>10.0f}{sizes[0] / 1024:>8.0f}")
    server.should_exit = True
    thread.join()


def ask(port: int, number: str, path: str) -> tuple[float, float, int]:
    """Ask for a page; return how many milliseconds it took, how many of them we worked, and its size."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    started, working = time.perf_counter(), time.process_time()
    connection.request("GET", path, headers={"Cookie": f"baton={number}"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - started) * 1000
    worked = (time.process_time() - working) * 1000
    assert answer.status == http.client.OK, (path, answer.status)
    connection.close()
    return took, worked, len(body)


if __name__ == "__main__":
    main()
