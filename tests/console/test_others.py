"""Block transfers, sources, silences, figures, and what is so of every page."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import uvicorn

from baton.console.app import make_app
from baton.console.figures import figures, safe_cell
from baton.console.pages import changes
from baton.console.serve import Server
from tests.browser.pages import PAGES
from tests.browser.story import story
from tests.console.conftest import HOUR, NOON, Console, a_block, an_alert, an_operator
from tests.console.test_alert import words

BLOCK = "block-transfer/block-1"


# Block transfers.


@pytest.fixture
def block(console: Console) -> Console:
    """Give a console with a block of four cases, of which two have arrived."""
    cases: dict[str, list[str]] = {
        "case_1": ["accepted", "handover-recorded", "file-read", "worker-allocated", "visited"],
        "case_2": ["accepted", "items-open"],
        "case_3": ["rejected"],
        "case_4": [],
    }
    console.hear(a_block(1, **cases))
    console.sign_in(an_operator("op-1", "head_of_service"))
    return console


def test_a_block_is_reconciled(block: Console) -> None:
    """How many were sent and arrived, and which did not, by id; what stands against each."""
    listed = words(block.get("/blocks").text)
    said = words(block.get("/block", id=BLOCK).text)

    assert "block-1 raised 2 March 2026 at 11am, raised team-2 4 2 2 1" in listed
    assert "4 sent 2 arrived 2 not arrived 1 with open items" in said
    assert "2 of 4: case-3, case-4" in said
    assert "case-3 no no no no no not arrived rejected" in said
    assert "case-1 yes yes yes yes yes nothing" in said


def test_a_block_is_compared_with_ones_own_list(block: Console) -> None:
    """What is on the list and has not arrived, what only the list has, and what only the block has."""
    answer = block.post("/block", {"cases": "case-1\r\ncase-3, case-9 <b>"}, id=BLOCK)
    said = words(answer.text)

    assert "On your list, and not arrived: 1 case-3" in said
    assert "On your list, and not in this block: 2 case-9, &lt;b&gt;" in said
    assert "In this block, and not on your list: 2 case-4, case-2" in said


def test_a_reconciliation_can_be_taken_away(block: Console) -> None:
    """As a file for a spreadsheet, and noted."""
    answer = block.get("/block.csv", id=BLOCK)
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert {row["Case"]: row["Arrived"] for row in rows} == {
        "case-1": "yes",
        "case-2": "yes",
        "case-3": "no",
        "case-4": "no",
    }
    assert block.noted.of("exported") == [(BLOCK, None)]


def test_only_a_block_is_reconciled(console: Console) -> None:
    """Another alert has no such page."""
    console.hear(an_alert(1))
    console.sign_in()

    assert console.get("/block", id=an_alert(1)["alert_id"]).status_code == 404
    assert console.get("/block.csv", id=an_alert(1)["alert_id"]).status_code == 404


# Sources.


def test_the_feeds_and_the_clock_are_shown(console: Console) -> None:
    """When each was last heard, which are silent, and whether time comes into the log."""
    beat = {"occurred_at": NOON, "complete_to": NOON - HOUR}
    console.hear_source("SourceHeartbeat", NOON, event_id="b-1", agency="police", **beat)
    console.hear_source("SourceHeartbeat", NOON, event_id="b-2", agency="gp", authority="x", **beat)
    console.hear_source("Tick", NOON)
    console.hear(
        an_alert(
            1,
            alert_id="source-silent/midwifery/x",
            rule="source-silent",
            about={"kind": "agency", "key": "local/midwifery"},
        )
    )
    console.sign_in()
    ticking = words(console.get("/sources").text)
    console.now += timedelta(minutes=1)
    stopped = words(console.get("/sources").text)
    elsewhere = words(console.get("/").text)

    assert "ticking The last tick was heard 2 March 2026 at midday" in ticking
    assert "Police heard 2 March 2026 at 11am 2 March 2026 at midday" in ticking
    assert "Midwifery silent see the alert" in ticking
    assert "GP" not in ticking
    assert "stopped The last tick was heard" in stopped
    assert "baton's clock has stopped" in elsewhere


# Silences.


def test_silences_are_listed_with_what_they_keep_quiet(console: Console) -> None:
    """Who, why and until when; those that are over apart; those of other areas not at all."""
    holding = console.hear_action(
        "AlertsSilenced", matcher="rule=a", until=NOON + HOUR, why="Move."
    )
    console.hear_action("AlertsSilenced", matcher="rule=b", until=NOON - HOUR, why="Past.")
    console.hear_action("AlertsSilenced", matcher="team-1", until=NOON + HOUR, why="Mistyped.")
    console.hear_action(
        "AlertsSilenced", matcher="rule=c", until=NOON + HOUR, why="Far.", authority="elsewhere"
    )
    quiet = {"silence": holding["event_id"], "silenced_until": NOON + HOUR}
    console.hear(an_alert(1, **quiet), an_alert(2, authority="elsewhere", **quiet))
    console.sign_in()

    text = console.get("/silences").text
    now, over = text.split("Over</h2>")

    assert "rule is a" in now
    assert "Move." in now
    assert an_alert(1)["alert_id"] in now
    assert an_alert(2)["alert_id"] not in now
    assert "rule=b" in over
    assert "team-1" not in now
    assert "never held: unreadable matcher" in over
    assert "rule is c" not in text


def test_a_silence_can_be_ended_early(console: Console) -> None:
    """By those of the agency that began it; by nobody else who may see it."""
    silence = console.hear_action(
        "AlertsSilenced", matcher="rule=unreferred-incident", until=NOON + HOUR, why="Move."
    )
    console.hear(an_alert(1))
    form = {"silence": silence["event_id"], "event_id": "action-" + "0" * 32}
    console.told.engine = lambda record, fields: void(console.hear_action(record, **fields))
    console.sign_in(an_operator("op-2", "named_midwife"))
    other = console.post("/silences/end", form)
    seen = console.get("/silences").text
    console.sign_in(an_operator("op-3"))
    own = console.post("/silences/end", form)
    after = console.get("/silences").text

    assert other.status_code == 403
    assert "Move." in seen
    assert "End it now" not in seen
    assert own.status_code == 303
    assert [record for record, _ in console.told.actions] == ["SilenceEnded"]
    assert console.told.actions[0][1]["silence"] == silence["event_id"]
    assert "ended by op-3" in after
    assert console.post("/silences/end", form | {"silence": "no-such"}).status_code == 404
    assert console.post("/silences/end", form | {"event_id": "x"}).status_code == 400


def test_each_silence_is_ended_by_a_deed_of_its_own(console: Console) -> None:
    """Two ends sent from one page are two; a page whose end baton has not taken yet says so."""
    for number in (1, 2):
        console.hear_action(
            "AlertsSilenced", matcher=f"rule=r-{number}", until=NOON + HOUR, why="Move."
        )
    console.sign_in()
    ids = re.findall(r'name="event_id" value="([^"]+)"', console.get("/silences").text)
    shown = words(console.get("/silences", done="asked").text)

    assert 2 == len(set(ids))
    assert "has not taken it yet" in shown


@pytest.mark.parametrize("matcher", ["alert", "rule", "about"])
def test_a_silence_of_others_is_seen_by_whom_its_alerts_are_for(
    console: Console, matcher: str
) -> None:
    """What it is for names an alert, and why it began is somebody's words: neither is for everybody of the area."""
    alert = an_alert(1, tell=["public_protection_supervisor", "hub_manager"])
    named = {"alert": alert["alert_id"], "rule": alert["rule"], "about": alert["about"]["key"]}
    silence = console.hear_action(
        "AlertsSilenced", matcher=f"{matcher}={named[matcher]}", until=NOON + HOUR, why="Move."
    )
    console.hear(alert)
    console.sign_in(an_operator("op-2", "housing_lead"))
    form = {"silence": silence["event_id"], "event_id": "action-" + "0" * 32}
    housing = console.get("/silences").text
    refused = console.post("/silences/end", form).status_code
    console.sign_in(an_operator("op-3", "hub_manager"))

    assert "Move." not in housing
    assert named[matcher] not in housing
    assert 404 == refused
    assert "Move." in console.get("/silences").text


def test_a_silence_that_is_over_is_not_ended_again(console: Console) -> None:
    """It ended by itself while the page was open: that is said at once, and nothing is told."""
    silence = console.hear_action(
        "AlertsSilenced", matcher="rule=a", until=NOON - HOUR, why="Move."
    )
    console.hear_action("AlertsSilenced", matcher="rule=b", until=NOON + HOUR, why="Move.")
    form = {"silence": silence["event_id"], "event_id": "action-" + "0" * 32}
    console.sign_in()

    answer = console.post("/silences/end", form)
    page = console.get(answer.headers["location"].partition("?")[0], done="over").text

    assert (303, "/silences?done=over") == (answer.status_code, answer.headers["location"])
    assert console.told.actions == []
    assert "This silence was over already" in page
    assert "What waited for it is told" not in page


def void(_: object) -> None:
    """Return nothing."""


# Figures.


def test_the_figures_count_what_happened(console: Console) -> None:
    """By week and rule, how fast, how late, what comes again: each with a table that says the same."""
    taken = {"event_id": "e", "event": "AlertAcknowledged", "by": "op-4", "refused": None}
    raised = {"raised_at": NOON - HOUR, "due_at": NOON - HOUR}
    console.hear(
        an_alert(1, actions=[taken | {"occurred_at": NOON - HOUR / 2}], **raised),
        an_alert(2, status="answered", reason="answered-late", answered_at=NOON, **raised),
        an_alert(3, raised_by=["repeat"], **raised),
        an_alert(4, raised_at=NOON - timedelta(days=100), due_at=NOON),
        an_alert(5, status="withdrawn", reason=None, **raised),
    )
    rows = console.standing.of_areas(frozenset({"local"}))

    by_week, by_rule, taken_up, late, again = figures(rows, NOON)

    assert by_week.bars[-1] == ("2 Mar 2026", 4)
    assert [by_rule.table[0][place] for place in (0, -1)] == ["unreferred-incident", 4]
    assert dict(taken_up.bars) == {
        "within 15 minutes": 0,
        "within an hour": 1,
        "within 4 hours": 0,
        "within a day": 0,
        "later": 0,
        "by nobody": 4,
    }
    assert taken_up.table[0] == [1, 5, 0, 1, 0, 0, 0, 4, "30 min"]
    assert dict(late.bars)["up to an hour late"] == 1
    assert dict(late.bars)["not referred yet"] == 3
    assert again.table == [["unreferred-incident", "police", 3]]
    assert again.says.endswith("had happened before: 1.")


def test_the_figures_are_for_the_board(console: Console) -> None:
    """Members of the board see counts of all alerts of their areas, and no id; others are refused."""
    console.hear(an_alert(1), an_alert(2, authority="elsewhere"))
    console.sign_in(an_operator("op-1", "unheard_of", board=True))
    page = console.get("/board")
    names = re.findall(r'href="(/board/[\w-]+\.csv)"', page.text)
    files = [console.get(name) for name in names]
    missing = console.get("/board/other.csv")
    console.sign_in(an_operator("op-2"))
    refused = [console.get(path).status_code for path in ("/board", names[0])]

    assert "Alerts raised in the last 12 weeks: 1." in page.text
    assert "inc-1" not in page.text
    assert [each.status_code for each in files] == [200] * 5
    assert {each.headers["content-type"] for each in files} == {"text/csv; charset=utf-8"}
    assert missing.status_code == 404
    assert refused == [403, 403]
    assert [page for page, _ in console.noted.of("exported")] == [
        name.removeprefix("/").removesuffix(".csv") for name in names
    ]
    assert console.noted.of("refused") == [("board", "not-yours")] * 2


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_takes_nothing_for_a_formula(cell: str) -> None:
    """What begins like a formula is text."""
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell("case-1") == "case-1"
    assert safe_cell(-1) == -1


# Every page.


@pytest.mark.parametrize("path", PAGES.values())
def test_nothing_is_shown_to_strangers(path: str, console: Console) -> None:
    """Who has not signed in is led to the sign-in, from every page and file there is."""
    console.hear(an_alert(7))
    answer = console.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", ["/events", "/board/alerts-by-week.csv", "/block.csv?id=x"])
def test_no_file_is_given_to_strangers(path: str, console: Console) -> None:
    """Nor anything else."""
    assert console.get(path).status_code in {303, 401}


@pytest.mark.parametrize("path", ["/views", "/alert/close?id=x", "/silences/end", "/block?id=x"])
def test_no_form_is_taken_from_strangers(path: str, console: Console) -> None:
    """Nor is anything done for them."""
    assert console.post(path, {}).status_code == 401
    assert console.told.actions == []


def test_whether_it_lives_is_for_all(console: Console) -> None:
    """A supervisor needs no operator; it is told nothing else."""
    assert console.get("/-/healthy").text == "alive\n"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/made/../../app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/",
    ],
)
def test_no_path_leads_outside(path: str, console: Console) -> None:
    """Only what is in the folder of static files is served from it."""
    console.sign_in()

    answer = console.browser.get(path)

    assert answer.status_code in {303, 404}
    assert "import" not in answer.text


@pytest.fixture(scope="module")
def staged() -> Iterator[Console]:
    """Give the invented week, and somebody who may see all of it."""
    console = story()
    roles = ("public_protection_supervisor", "head_of_service")
    console.sign_in(an_operator("op-7", *roles, board=True))
    with console.browser:
        yield console


@pytest.mark.parametrize("path", PAGES.values())
def test_every_page_is_whole(path: str, staged: Console) -> None:
    """A language, one heading, a title, a way past the menu; no script or style of its own; no second id."""
    answer = staged.browser.get(path)
    text = answer.text

    assert answer.status_code == (404 if path == PAGES["not-found"] else 200)
    assert '<html lang="en"' in text
    assert len(re.findall(r"<h1\b", text)) == 1
    assert re.search(r"<title>.+ - baton</title>", text)
    assert 'href="#main-content" class="govuk-skip-link"' in text
    assert "Exit this page" in text
    assert 'class="govuk-phase-banner' in text
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", text) == []
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href|src|action)="(https?://[^"]+)"', text)) <= {
        "https://www.bbc.co.uk/weather"
    }


@pytest.mark.parametrize("path", ["/", "/search?text=p-7", "/silences", "/blocks", "/board"])
def test_a_rationale_is_on_its_alerts_page_alone(path: str, staged: Console) -> None:
    """Why somebody closed an alert is for those who open it."""
    assert "made by telephone" not in staged.browser.get(path).text
    assert "made by telephone" in staged.browser.get(PAGES["alert"]).text


def test_what_may_be_old_is_said(console: Console) -> None:
    """While an alert cannot be read by this program, every page says so."""
    from baton.reading import Message

    console.standing.hear([Message(0, 1, 0, b"x", b"no alert")])
    console.sign_in()

    assert "Not read: 1." in console.get("/").text


# Liveness.


def test_a_page_hears_that_something_changed(console: Console) -> None:
    """Only of what its reader may see, and never what."""

    async def listen() -> list[str]:
        heard: list[str] = []
        events = changes(console.standing, an_operator("op-1", "named_midwife"), lasts=30)
        heard.append(await anext(events))
        asyncio.get_running_loop().call_later(0.05, console.hear, a_block(1))
        asyncio.get_running_loop().call_later(0.10, console.hear, an_alert(1))
        heard.append(await anext(events))
        await events.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    begun, changed = asyncio.run(listen())

    assert begun.startswith("retry: ")
    assert "event: changed" in changed
    assert "p-1" not in changed


def test_what_came_before_a_page_could_listen_is_news_to_it(console: Console) -> None:
    """It asks for what came since it was made; of another's alerts it hears nothing."""
    console.sign_in()
    page = console.get("/").text
    shown = int(page.partition('<meta name="shown" content="')[2].partition('"')[0])
    console.hear(an_alert(1))

    async def listen(since: int | None, role: str) -> str | None:
        events = changes(console.standing, an_operator("op-1", role), lasts=0.5, since=since)
        heard = [each async for each in events]
        return next((each for each in heard if "event: changed" in each), None)

    assert asyncio.run(listen(shown, "named_midwife")) is not None
    assert asyncio.run(listen(shown + 1, "named_midwife")) is None
    assert asyncio.run(listen(shown + 9, "named_midwife")) is None
    assert asyncio.run(listen(None, "named_midwife")) is None


def test_who_is_signed_in_no_more_hears_no_more(console: Console) -> None:
    """The stream ends by itself, and says nothing of what changed then."""

    async def listen() -> list[str]:
        signed_in = True
        events = changes(console.standing, an_operator(), lasts=30, still=lambda: signed_in)
        heard = [await anext(events)]
        signed_in = False
        console.hear(an_alert(1))
        return heard + [each async for each in events]

    assert len(asyncio.run(asyncio.wait_for(listen(), 10))) == 1


def test_who_is_signed_in_no_more_hears_no_more_while_nothing_changes(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream without news ends by itself too, long before its time is over."""
    monkeypatch.setattr("baton.console.pages.STILL_EVERY", 0.05)

    async def listen() -> list[str]:
        signed_in = True
        events = changes(console.standing, an_operator(), lasts=60, still=lambda: signed_in)
        heard = [await anext(events)]
        signed_in = False
        return heard + [each async for each in events]

    assert len(asyncio.run(asyncio.wait_for(listen(), 10))) == 1


def test_a_console_that_is_shut_down_ends_its_live_pages(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    """Before they are cut off, which would look like a fault: nothing is logged as one, and the answer ends well."""
    console.sign_in()
    config = uvicorn.Config(
        make_app(console.parts), log_config=None, lifespan="off", timeout_graceful_shutdown=5
    )
    server = Server(console.standing, config)
    listening = socket.create_server(("127.0.0.1", 0))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    request = (
        "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
        f"Cookie: baton={console.browser.cookies['baton']}\r\n\r\n"
    )
    with socket.create_connection(listening.getsockname(), timeout=20) as page:
        page.sendall(request.encode())
        heard = page.recv(1_000)
        while b"retry: " not in heard:
            heard += page.recv(1_000)
        server.should_exit = True
        while more := page.recv(1_000):
            heard += more
    serving.join(20)

    assert b"200 OK" in heard
    assert heard.endswith(b"0\r\n\r\n")
    assert not serving.is_alive()
    assert [] == [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]


def test_who_is_far_behind_looks_at_everything(console: Console) -> None:
    """More changes than are remembered are a change of everything."""
    operator: Any = an_operator()
    console.hear(*(an_alert(number) for number in range(3)))

    assert len(console.standing.changed_since(0, operator) or ()) == 3
    assert console.standing.changed_since(console.standing.version, operator) == []
    console.hear(*(an_alert(1) for _ in range(5_001)))
    assert console.standing.changed_since(0, operator) is None
