"""A working day at the console, in Chromium, on a real Kafka: from the sign-in to a reconciled block."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from baton import topics
from baton.access import User, new_user, write_users
from baton.agents.pseudonym import make_key
from baton.cli.supervisor import Supervisor
from baton.localkafka.needs import free_ports
from baton.publish import publish
from tests.browser.stage import DESKTOP, chromium

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "three invented words"  # noqa: S105 (of nobody)
SOON = 180_000
"""Milliseconds within which something has happened on the slowest machine; it is waited for, not slept through."""
WHO = {
    "op-1": ["public_protection_supervisor"],
    "op-2": ["hub_manager", "head_of_service"],
    "op-3": ["referrer_lead"],
}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the policy, but with a referral due in seconds, and an acknowledgement that lapses in seconds."""
    text = (PROJECT / "policy.toml").read_text(encoding="utf-8")
    first, rest = text.split("[rule.unreferred-incident]", 1)
    rest = re.sub(r"within += \{[^}]*\}", "within = { seconds = 2 }", rest, count=1)
    first = re.sub(r"(acknowledged_for +=) \{ hours = 4 \}", r"\1 { seconds = 15 }", first, count=1)
    path = tmp_path_factory.mktemp("walk") / "policy.toml"
    path.write_text(f"{first}[rule.unreferred-incident]{rest}", encoding="utf-8")
    return path


class Day:
    """A baton that runs, and who may sign in to it."""

    def __init__(self, address: str, brokers: str, prefix: str, users: dict[str, User]) -> None:
        """Take where the console is, where Kafka is, and the operators."""
        self.address, self.brokers, self.prefix, self.users = address, brokers, prefix, users

    def tell(self, record: str, **fields: object) -> None:
        """Tell an event, now."""
        said = {"event_id": f"walk-{time.time_ns()}", "occurred_at": datetime.now(UTC)}
        publish(self.brokers, record, said | fields, self.prefix)

    def sign_in(self, browser: Browser, key: str) -> Page:
        """Sign somebody in, in a window of their own."""
        page = browser.new_context(viewport=DESKTOP, base_url=self.address).new_page()
        page.set_default_timeout(SOON)
        page.goto("/")
        page.locator("[name=key]").fill(key)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button").click()
        page.locator("[name=code]").fill(pyotp.TOTP(self.users[key].second_factor).now())
        page.locator("main button").click()
        page.get_by_role("heading", name="Alerts", exact=True).wait_for()
        return page


@pytest.fixture
def day(policy: Path, kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Day]:
    """Run worker, clock and console on topics of their own."""
    topics.apply(kafka, topic_prefix, replication=1)
    users = {
        key: new_user(key, PASSWORD, roles=roles, authorities=["local"])
        for key, roles in WHO.items()
    }
    write_users(tmp_path / "users.toml", users.values())
    make_key(tmp_path / "pseudonym.key")
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "BATON_BROKERS": kafka,
        "BATON_TOPIC_PREFIX": topic_prefix,
        "BATON_POLICY": str(policy),
        "BATON_PSEUDONYM_KEY_FILE": str(tmp_path / "pseudonym.key"),
        "BATON_USERS_FILE": str(tmp_path / "users.toml"),
        "BATON_CONSOLE_PORT": str(port),
    }
    with Supervisor() as supervisor:
        for service in ("worker", "clock", "console"):
            supervisor.start(service, (sys.executable, "-m", "baton.cli", service), environment)
        _wait_for(port)
        yield Day(f"http://127.0.0.1:{port}", kafka, topic_prefix, users)


def _wait_for(port: int) -> None:
    from urllib.error import URLError
    from urllib.request import urlopen

    gives_up_at = time.monotonic() + SOON / 1000
    while True:
        try:
            urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=5).close()
        except (URLError, OSError):
            assert time.monotonic() < gives_up_at, "the console did not start"
            time.sleep(0.2)
        else:
            return


@pytest.mark.broker
def test_a_day_at_the_console(day: Day) -> None:
    """Seen arriving, taken up, lapsed and chased, closed by two, hidden from others, and a block reconciled."""
    expect.set_options(timeout=SOON)
    with chromium() as browser:
        supervisor = day.sign_in(browser, "op-1")
        alert_id = _seen_arriving(day, supervisor)
        _taken_up_and_lapsed(supervisor)
        manager = day.sign_in(browser, "op-2")
        _closed_by_two(supervisor, manager, alert_id)
        _hidden_from_others(day.sign_in(browser, "op-3"), alert_id)
        _block_reconciled(day, manager)


def _seen_arriving(day: Day, page: Page) -> str:
    page.evaluate("window.same = true")
    woman: dict[str, Any] = {"person": {"scheme": "local", "value": "woman-1"}, "role": "victim"}
    day.tell(
        "IncidentRecorded",
        agency="police",
        incident="inc-1",
        people=[woman | {"pregnancy": "pregnant"}],
    )
    link = page.get_by_role("link", name="A domestic incident involving a pregnancy")
    link.wait_for()
    assert page.evaluate("window.same"), "it arrived without reloading"
    link.click()
    return page.locator("dd", has_text="unreferred-incident/").inner_text()


def _taken_up_and_lapsed(page: Page) -> None:
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("As long as the policy allows").check()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".govuk-notification-banner__heading")).to_contain_text("Acknowledged")
    # Time alone ends it: the page says so by itself, and who is told next.
    expect(page.locator(".baton-timeline")).to_contain_text("Somebody had")
    expect(page.locator("main .govuk-tag").first).to_have_text("raised")


def _closed_by_two(first: Page, second: Page, alert_id: str) -> None:
    _close(first, alert_id, "Ask to close")
    expect(first.get_by_text("A second person must agree before")).to_be_visible()
    _close(second, alert_id, "Agree and close")
    expect(second.locator("main .govuk-tag").first).to_have_text("closed")
    expect(second.get_by_text("op-1 and op-2")).to_be_visible()


def _close(page: Page, alert_id: str, button: str) -> None:
    page.goto(f"/alert/close?id={alert_id}")
    page.get_by_label("Something was done because of it").check()
    page.get_by_label("Why?").fill("The hub has it, by telephone.")
    page.get_by_role("button", name=button).click()


def _hidden_from_others(page: Page, alert_id: str) -> None:
    answer = page.goto(f"/alert?id={alert_id}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text("it is for other agencies than yours")).to_be_visible()


def _block_reconciled(day: Day, page: Page) -> None:
    own = {"agency": "childrens_social_care"}
    for number in range(5):
        move = {"transfer": f"t-{number}", "case": f"case-{number}"}
        teams = {"from_team": "team-a", "to_team": "team-b", "reason": "ORGRST", "block": "block-1"}
        day.tell("TransferRequested", **own, **move, **teams)
        if number < 3:
            day.tell("TransferAccepted", **own, **move, by_team="team-b")
    page.goto("/blocks")
    page.get_by_role("link", name="block-1").click()
    expect(page.get_by_text("2 of 5: case-3, case-4")).to_be_visible()
    for number in (3, 4):
        day.tell(
            "TransferAccepted",
            **own,
            transfer=f"t-{number}",
            case=f"case-{number}",
            by_team="team-b",
        )
    expect(page.get_by_text("Every case that was sent has arrived")).to_be_visible()
