"""The terminal that is left open all day: what it shows, and what its keys do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static
from textual.widgets._footer import FooterKey

from baton.cli import desk
from baton.cli.acts import Act
from baton.cli.desk import Desk, Sheet, View, timeline
from baton.cli.exits import CommandError
from baton.runtime.settings import Settings

MakeAlert = Callable[..., dict[str, Any]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def three(alert: MakeAlert) -> list[dict[str, Any]]:
    """Give a critical alert, one of this day, and one that is over."""
    return [
        alert(alert_id="a/1/p-1", raised_at=NOON, owner="operator-1"),
        alert(
            alert_id="b/2/case-2",
            rule="transfer-not-accepted",
            severity=2,
            raised_at=NOON + timedelta(hours=1),
            next_step="tell head_of_service",
            next_step_at=NOON + timedelta(hours=2),
        ),
        alert(alert_id="c/3/p-3", status="withdrawn", reason=None),
    ]


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """Give whose look at which alert is noted, in place of noting it on Kafka."""
    looks: list[tuple[str, str | None]] = []

    def note(settings: Settings, what: str, page: str, alert: str | None) -> None:
        assert ("viewed", "watch") == (what, page)
        looks.append((settings.operator, alert))

    monkeypatch.setattr(desk, "note", note)
    return looks


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Act]:
    """Give what is told, in place of telling it to Kafka."""
    acts: list[Act] = []
    monkeypatch.setattr(desk, "tell", lambda _, act: acts.append(act))
    return acts


def on_desk(
    alerts: list[dict[str, Any]],
    use: Callable[[Desk, Pilot[None]], Coroutine[Any, Any, None]],
    *,
    size: tuple[int, int] = (80, 30),
    operator: str = "operator-1",
) -> None:
    """Run the desk on a terminal of this size, with these alerts heard."""

    async def run() -> None:
        app = Desk(Settings(operator=operator), View(), reads=False)
        async with app.run_test(size=size) as pilot:
            app.heard(alerts, answering=True)
            app.heard([], answering=True)
            await pilot.pause()
            await use(app, pilot)

    asyncio.run(run())


def ids_in(app: Desk) -> list[str]:
    """Give the ids of the alerts in the list, from the top."""
    return [str(key.value) for key in app.query_one(DataTable).rows]


def said(app: Desk) -> str:
    """Give the line above the list."""
    return str(app.query_one("#said", Static).render())


def sheet(app: Desk) -> str:
    """Give what the sheet that is open says."""
    return "\n".join(str(each.render()) for each in app.screen.query(Static))


def notices(app: Desk) -> str:
    """Give what was notified."""
    return " ".join(each.message for each in app._notifications)


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 12)])
def test_the_most_serious_come_first(three: list[dict[str, Any]], size: tuple[int, int]) -> None:
    """At any width; what is over is left out."""

    async def look(app: Desk, _: Pilot[None]) -> None:
        assert ["a/1/p-1", "b/2/case-2"] == ids_in(app)
        assert said(app).startswith("2 alerts · most serious")

    on_desk(three, look, size=size)


def test_keys_order_narrow_and_widen_the_list(three: list[dict[str, Any]]) -> None:
    """O orders, m shows mine, v shows everything, and a search narrows with each letter."""

    async def press(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("o")
        assert ["b/2/case-2", "a/1/p-1"] == ids_in(app)
        await pilot.press("m")
        assert ["a/1/p-1"] == ids_in(app)
        await pilot.press("m", "v")
        assert 3 == len(ids_in(app))
        await pilot.press("slash", *"case-2")
        assert ["b/2/case-2"] == ids_in(app)
        await pilot.press("enter", "escape")
        assert 3 == len(ids_in(app))

    on_desk(three, press)


def test_the_cursor_stays_on_its_alert(three: list[dict[str, Any]], alert: MakeAlert) -> None:
    """When a more serious one comes in above it."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("down")
        app.heard([alert(alert_id="z/9/p-9", raised_at=NOON + timedelta(hours=3))], answering=True)
        await pilot.pause()
        chosen = app.chosen()
        assert chosen is not None
        assert "b/2/case-2" == chosen["alert_id"]

    on_desk(three, look)


@pytest.mark.parametrize(
    ("chosen", "left", "on"),
    [("b", "b", "c"), ("c", "c", "b"), ("b", "bc", "a"), ("c", "a", "c"), ("a", "abc", None)],
)
def test_the_cursor_goes_to_a_neighbour_where_its_alert_left(
    alert: MakeAlert, chosen: str, left: str, on: str | None
) -> None:
    """To the next below that is still there, else the next above: not to the top of a long list."""
    listed = {
        name: alert(alert_id=name, raised_at=NOON - timedelta(hours=place))
        for place, name in enumerate("abc")
    }

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press(*["down"] * "abc".index(chosen))
        app.heard([listed[name] | {"status": "withdrawn"} for name in left], answering=True)
        await pilot.pause()
        now_on = app.chosen()
        assert on == (now_on and now_on["alert_id"])

    on_desk(list(listed.values()), look)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_key_is_shown(three: list[dict[str, Any]], size: tuple[int, int]) -> None:
    """In 80 columns too: Enter and Quit are the first that somebody new looks for."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.pause()
        keys = list(app.screen.query(FooterKey))
        assert ["enter", *"ascr", "slash", *"omvq"] == [each.key for each in keys]
        assert all(each.region.right <= size[0] for each in keys)

    on_desk(three, look, size=size)


def test_an_alert_is_opened_in_full(three: list[dict[str, Any]]) -> None:
    """With its evidence and timeline; Escape goes back."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        text = sheet(app)
        assert "A domestic incident involving a pregnancy" in text
        assert "police: incident recorded" in text
        await pilot.press("escape")
        assert app.query_one(DataTable).has_focus

    on_desk(three, look)


def test_that_an_alert_was_opened_is_noted_first(
    three: list[dict[str, Any]], seen: list[tuple[str, str | None]]
) -> None:
    """Under the key of whoever works here; without one it is shown, and said that it is not noted."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, Sheet)

    on_desk(three, look)
    assert [("operator-1", "a/1/p-1")] == seen

    async def unnamed(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Sheet)
        assert "Not noted in the audit" in notices(app)

    on_desk(three, unnamed, operator="")
    assert 1 == len(seen)


def test_what_cannot_be_noted_is_not_shown(
    three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Kafka does not take the note, the alert stays closed, and why is said."""

    def refuse(*_: object) -> None:
        message = "Kafka does not answer."
        raise CommandError(message, 3)

    monkeypatch.setattr(desk, "note", refuse)

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not isinstance(app.screen, Sheet)
        assert "Not shown: Kafka does not answer." in notices(app)

    on_desk(three, look)


def test_acknowledging_is_told_and_its_answer_shown(
    three: list[dict[str, Any]], told: list[Act], alert: MakeAlert
) -> None:
    """a, then until when; accepted or refused is said when baton has answered."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "enter")
        await app.workers.wait_for_complete()
        (action,) = told
        assert ("AlertAcknowledged", "a/1/p-1") == (action.record, action.fields["alert"])
        assert action.fields["until"] > datetime.now(UTC)
        answer = {
            "event_id": action.event_id,
            "event": action.record,
            "by": "operator-1",
            "occurred_at": NOON,
            "refused": "finished",
        }
        app.heard([alert(alert_id="a/1/p-1", status="answered", actions=[answer])], answering=True)
        await pilot.pause()
        assert "Refused." in notices(app)

    on_desk(three, act)


def test_what_was_done_is_said_of_what_was_done(
    three: list[dict[str, Any]], told: list[Act], alert: MakeAlert
) -> None:
    """Who takes up an alert that somebody asked to close hears until when, and nothing of a second person."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "enter")
        await app.workers.wait_for_complete()
        done: dict[str, Any] = {"event_id": told[0].event_id, "event": "AlertAcknowledged"}
        done |= {"by": "operator-1", "occurred_at": NOON, "refused": None}
        taken = {"acknowledged_by": "operator-1", "acknowledged_until": NOON + timedelta(hours=1)}
        after = {"status": "acknowledged", "closing_by": "operator-2", "actions": [done]} | taken
        app.heard([alert(alert_id="a/1/p-1", **after)], answering=True)
        await pilot.pause()
        assert "taken up by operator-1, until 2026-03-02 13:00." in notices(app)
        assert "second person" not in notices(app)

    on_desk(three, act)


def test_the_sheet_says_whose_it_is_and_what_comes_next(alert: MakeAlert) -> None:
    """And who asked to close it, in words: what one must know before doing anything."""
    taken = {"acknowledged_by": "operator-1", "next_step": "lapsed", "next_step_at": NOON}
    asked = alert(owner="team-1", closing_by="operator-2", **taken)

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        text = " ".join(sheet(app).split())
        assert "belongs to team-1" in text
        assert "operator-2 asked, and a second person must agree" in text
        assert "next it is taken up until 2026-03-02 12:00; then" in text

    on_desk([asked], look)


def test_a_dialog_is_for_the_alert_it_was_opened_on(
    three: list[dict[str, Any]], told: list[Act]
) -> None:
    """It says which; the list lives on under it, and its alert may leave the list before the answer is given."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("m", "c")
        assert "unreferred-incident, person p-1" in sheet(app)
        await pilot.press("enter")
        assert "unreferred-incident, person p-1" in sheet(app)
        app.view.mine = ""
        app.heard([three[0] | {"owner": "operator-2", "severity": 4}], answering=True)
        await pilot.press(*"looked", "enter")
        await app.workers.wait_for_complete()
        assert ["a/1/p-1"] == [each.fields["alert"] for each in told]

    on_desk(three, act)


@pytest.mark.parametrize("status", ["withdrawn", "answered", "closed"])
def test_what_is_over_when_the_dialog_ends_is_not_acted_on(
    three: list[dict[str, Any]], told: list[Act], status: str
) -> None:
    """Neither it nor the alert that the cursor went on to: what one would hear of it at any time is said."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        app.heard([three[0] | {"status": status}], answering=True)
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        assert [] == told
        assert f"a/1/p-1 is {status}: there is nothing left to do to it." in notices(app)

    on_desk(three, act)


def test_nothing_is_asked_about_what_is_over(alert: MakeAlert, told: list[Act]) -> None:
    """It is said when the key is pressed."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "s", "c")
        assert 1 == len(app.screen_stack)
        assert 3 == notices(app).count("is answered: there is nothing left to do to it.")
        await pilot.press("r")
        assert "is answered: only a closed alert can be opened again." in notices(app)
        assert [] == told

    on_desk([alert(status="answered")], act)


def test_keys_act_on_the_alert_that_is_open(three: list[dict[str, Any]], told: list[Act]) -> None:
    """Though the cursor went on to another meanwhile; and the sheet shows what came of it."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("down", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert ["escape", *"ascr"] == [each.key for each in app.screen.query(FooterKey)]
        app.query_one(DataTable).move_cursor(row=0)
        await pilot.press("s", *"team-1", "enter")
        await app.workers.wait_for_complete()
        assert ["b/2/case-2"] == [each.fields["alert"] for each in told]
        app.heard([three[1] | {"owner": "team-1"}], answering=True)
        await pilot.pause()
        assert isinstance(app.screen, Sheet)
        assert "belongs to" in sheet(app)

    on_desk(three, act)


def test_an_alert_is_not_opened_over_a_dialog(three: list[dict[str, Any]]) -> None:
    """Its look may take seconds to be noted: what is typed into a dialog meanwhile must be no key of the sheet."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        app._show("b/2/case-2")
        await pilot.pause()
        assert not isinstance(app.screen, Sheet)
        assert "Not opened" in notices(app)

    on_desk(three, look)


def test_closing_asks_for_outcome_and_rationale(
    three: list[dict[str, Any]], told: list[Act]
) -> None:
    """c, the outcome, and why."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("c", "down", "enter", *"looked", "enter")
        await app.workers.wait_for_complete()
        assert ("already_done", "looked") == (
            told[0].fields["outcome"],
            told[0].fields["rationale"],
        )

    on_desk(three, act)


def test_the_cursor_begins_at_the_top(alert: MakeAlert) -> None:
    """However the alerts come while they are read; once all are there, or somebody goes down, it stays on its alert."""
    late, serious, worst, new = (
        alert(alert_id=f"{name}/1/p-1", severity=severity, raised_at=NOON + timedelta(hours=hours))
        for name, severity, hours in (("d", 3, 0), ("c", 2, 1), ("b", 1, 2), ("a", 1, 3))
    )

    def chosen(app: Desk) -> str | None:
        found = app.chosen()
        return None if found is None else found["alert_id"]

    async def look(*, goes_down: bool) -> list[str | None]:
        app = Desk(Settings(operator="operator-1"), View(), reads=False)
        async with app.run_test(size=(80, 30)) as pilot:
            app.heard([late, serious], answering=True)
            await pilot.pause()
            if goes_down:
                await pilot.press("down")
            found = []
            for heard in ([worst], [], [new]):
                app.heard(heard, answering=True)
                await pilot.pause()
                found.append(chosen(app))
            return found

    assert ["b/1/p-1"] * 3 == asyncio.run(look(goes_down=False))
    assert ["d/1/p-1"] * 3 == asyncio.run(look(goes_down=True))


def test_assigning_asks_to_whom(three: list[dict[str, Any]], told: list[Act]) -> None:
    """s, and a key; an empty answer assigns nothing."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("s", "enter")
        await pilot.press("s", *"team-1", "enter")
        await app.workers.wait_for_complete()
        assert ["team-1"] == [each.fields["to"] for each in told]

    on_desk(three, act)


def test_nothing_is_assigned_to_whoever_may_not_see_it(
    three: list[dict[str, Any]], told: list[Act]
) -> None:
    """A role of another agency is refused before it is told; of a key that nobody knows that is said."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("s", *"named_midwife", "enter")
        await app.workers.wait_for_complete()
        assert "named_midwife may not see this alert" in notices(app)
        assert [] == told
        await pilot.press("s", *"team-1", "enter")
        await app.workers.wait_for_complete()
        assert "does not know the key team-1" in notices(app)

    on_desk(three, act)


def test_what_can_have_no_effect_is_said_and_not_told(
    three: list[dict[str, Any]], told: list[Act]
) -> None:
    """Reopening what is open."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("r")
        await pilot.pause()
        assert "is raised" in notices(app)
        assert [] == told

    on_desk(three, act)


def test_whoever_is_not_known_is_asked_once(three: list[dict[str, Any]], told: list[Act]) -> None:
    """Without BATON_OPERATOR the first action asks for a key."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "enter", *"op-7", "enter")
        await pilot.press("a", "enter")
        await app.workers.wait_for_complete()
        assert ["op-7", "op-7"] == [each.fields["by"] for each in told]

    on_desk(three, act, operator="")


def test_an_address_is_no_key(three: list[dict[str, Any]], told: list[Act]) -> None:
    """Neither that of who acts, nor of whom an alert is assigned to: nothing is told, and a key is asked for again."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "enter", *"me", "@", *"here", "enter")
        await pilot.pause()
        assert "by: is an e-mail address" in notices(app)
        await pilot.press("s", *"you", "@", *"there", "enter", *"op-7", "enter")
        await pilot.pause()
        assert "to: is an e-mail address" in notices(app)
        assert [] == told

    on_desk(three, act, operator="")


def test_a_kafka_that_went_away_is_said_above_the_list(three: list[dict[str, Any]]) -> None:
    """What stands there may be old, and the line says since when."""

    async def look(app: Desk, pilot: Pilot[None]) -> None:
        app.heard([], answering=False)
        await pilot.pause()
        assert "Kafka has not answered since" in said(app)

    on_desk(three, look)


def test_nothing_to_choose_is_nothing_to_do(told: list[Act]) -> None:
    """An empty list takes every key and does nothing."""

    async def act(app: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("a", "s", "escape", "c", "r", "enter", "o")
        assert [] == told
        assert said(app).startswith("0 alerts")

    on_desk([], act)


def test_a_timeline_has_everything_in_order(alert: MakeAlert) -> None:
    """Evidence, steps, who was told, and what people did, refusals too."""
    told = alert(
        steps=[{"number": 1, "kind": "raised", "roles": ["hub_manager"], "at": NOON}],
        told=[{"role": "hub_manager", "by": "email", "at": NOON + timedelta(minutes=1), "step": 1}],
        actions=[
            {
                "event_id": "x",
                "event": "AlertClosed",
                "by": "operator-1",
                "occurred_at": NOON + timedelta(hours=1),
                "refused": "same-person",
            }
        ],
    )
    lines = timeline(told)

    assert sorted(lines, key=lambda line: line[:16]) == lines
    assert ["due", "baton: raised", "step 1, raised: hub manager"] == [
        line[18:] for line in lines[1:4]
    ], "of one moment the cause comes first"
    assert "closed, or asked to be, by operator-1. Refused: Two different persons" in lines[-1]
    assert any("step 1, raised: hub manager" in line for line in lines)
    assert any("hub manager was told by email" in line for line in lines)
    assert not any("AlertClosed" in line or "same-person" in line for line in lines)
