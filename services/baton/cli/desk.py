"""`baton watch` on a terminal: the alerts that stand, live, to be left open all day.

Everything has a key, and the keys are shown; it works in 80 columns and over SSH.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from kafka.errors import KafkaError
from textual import on, work
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from baton import wording
from baton.cli.acts import NOT_SHOWN as NOT_YET
from baton.cli.acts import (
    OUTCOMES,
    Act,
    act_on,
    check_assignee,
    refusal_in,
    refusal_sentence,
    tell,
    why_no_effect,
)
from baton.cli.exits import CommandError
from baton.cli.seen import note
from baton.contract.errors import InvalidEvent, InvalidField
from baton.contract.pointers import check_pointers
from baton.contract.topics import ALERTS, prefixed
from baton.reading import Reader
from baton.reading.alerts import alerts_of
from baton.wording import lived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual.binding import BindingType

    from baton.runtime.settings import Settings

Alert = dict[str, Any]

_OVER: Final = frozenset({"withdrawn", "closed"})
_STYLES: Final = {1: "bold red", 2: "yellow", 3: "", 4: "dim"}
_ORDERS: Final[Mapping[str, Callable[[Alert], Any]]] = {
    "most serious": lambda alert: (alert["severity"], -alert["raised_at"].timestamp()),
    "newest": lambda alert: -alert["raised_at"].timestamp(),
    "next step": lambda alert: (
        alert["next_step_at"] or datetime.max.replace(tzinfo=UTC),
        alert["severity"],
    ),
    "rule": lambda alert: (alert["rule"], -alert["raised_at"].timestamp()),
}
_SPANS: Final = {"1 hour": 1, "4 hours": 4, "24 hours": 24}


_ACTING: Final[tuple[BindingType, ...]] = (
    ("a", "app.acknowledge", "Ack"),
    ("s", "app.assign", "Assign"),
    ("c", "app.close_alert", "Close"),
    ("r", "app.reopen", "Reopen"),
)


@dataclass(slots=True)
class View:
    """Which alerts are shown, and in which order: pure, so that it can be tested without a terminal."""

    order: str = "most serious"
    text: str = ""
    everything: bool = False
    mine: str = ""
    """Only what is assigned to this key; empty: everybody's."""
    since: datetime | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)

    def hear(self, alerts: Iterable[Alert]) -> None:
        """Take alerts as they stand now."""
        self.alerts |= {alert["alert_id"]: alert for alert in alerts}

    def shown(self) -> list[Alert]:
        """Return the alerts to show, in order."""
        words = self.text.casefold().split()
        found = [
            alert
            for alert in self.alerts.values()
            if (self.everything or alert["status"] not in _OVER)
            and (not self.mine or alert["owner"] == self.mine)
            and (self.since is None or alert["as_of"] >= self.since)
            and all(word in _searched(alert) for word in words)
        ]
        return sorted(
            found, key=lambda alert: (*_as_tuple(_ORDERS[self.order](alert)), alert["alert_id"])
        )

    def next_order(self) -> str:
        """Go on to the next order, and return its name."""
        names = list(_ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        return self.order


def _as_tuple(key: Any) -> tuple[Any, ...]:  # noqa: ANN401 (a key of any kind)
    return key if isinstance(key, tuple) else (key,)


def row_of(chosen: str | None, before: Sequence[str], shown: Sequence[str]) -> int:
    """Return the row of the alert that was chosen among those shown `before`.

    Where it has left, of the next one below it that is still there; else of the next one above.
    """
    rows = {alert_id: row for row, alert_id in enumerate(shown)}
    place = before.index(chosen) if chosen in before else 0
    near = (*before[place:], *reversed(before[:place]))
    return next((rows[alert_id] for alert_id in near if alert_id in rows), 0)


def _named(alert: Alert) -> str:
    """Say which alert a dialog or a notice is about."""
    return f"{alert['rule']}, {wording.about(alert)}"


def _searched(alert: Alert) -> str:
    """Return what of an alert is looked through."""
    parts = (alert["alert_id"], wording.status(alert), wording.who(alert), alert["owner"] or "")
    return " ".join(parts).casefold()


class Rows(DataTable[Any]):
    """The list; its Enter is among the keys shown."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter", "select_cursor", "Open")]


class Desk(App[None]):
    """The list, and one alert in full over it.

    Keys act on the alert that is open, else on the one that the cursor is on when the key is pressed: the list goes on
    living under a dialog, and the cursor may then be on another.
    """

    TITLE = "baton"
    CSS = """
    #said { height: 1; padding: 0 1; background: $surface; }
    #search { display: none; border: none; height: 1; padding: 0 1; }
    #search.open { display: block; }
    DataTable { height: 1fr; }
    Sheet, Choice, Ask { align: center middle; }
    .box { width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 1 2; }
    .box { border: round $primary; background: $surface; }
    .which { width: 100%; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *_ACTING,
        ("slash", "search", "Search"),
        ("o", "order", "Order"),
        ("m", "mine", "Mine"),
        ("v", "everything", "All"),
        ("q", "quit", "Quit"),
    ]

    def __init__(self, settings: Settings, view: View, *, reads: bool = True) -> None:
        """Take the settings and what is to be shown; without `reads` nothing is read from Kafka."""
        super().__init__()
        self._settings = settings
        self._reads = reads
        self._told: dict[str, Act] = {}
        self._heard_at = datetime.now(UTC)
        self._answering = True
        self._loaded = False
        """Everything that was there when this began has been read."""
        self._rows: list[str] = []
        self.view = view

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="said")
        yield Input(placeholder="words to look for; Enter keeps, Escape clears", id="search")
        yield Rows(cursor_type="row", zebra_stripes=True)
        yield _keys()

    def on_mount(self) -> None:
        """Begin to follow the alerts."""
        self.query_one(DataTable).focus()
        self.redraw()
        self.set_interval(10, self.redraw)
        if self._reads:
            self.follow()

    @work(thread=True, exclusive=True)
    def follow(self) -> None:
        """Read alerts for as long as this runs."""
        settings, me = self._settings, get_current_worker()
        topic = prefixed(settings.topic_prefix, ALERTS.name)
        try:
            with Reader(settings.brokers, topic) as reader:
                for batch in reader.follow():
                    if me.is_cancelled:
                        return
                    alerts = list(alerts_of(batch))
                    self.call_from_thread(self.heard, alerts, answering=reader.answering)
        except KafkaError as error:
            why = type(error).__name__
            self.call_from_thread(self.exit, return_code=3, message=f"Kafka is lost: {why}.")

    def heard(self, alerts: list[Alert], *, answering: bool) -> None:
        """Take what was read."""
        if answering:
            self._heard_at = datetime.now(UTC)
        self._loaded = self._loaded or (answering and not alerts)
        changed = bool(alerts) or answering != self._answering
        self._answering = answering
        self.view.hear(alerts)
        for alert in alerts:
            for event_id in list(self._told):
                self._answer(alert, event_id)
            for screen in self.screen_stack:
                if isinstance(screen, Sheet) and screen.alert_id == alert["alert_id"]:
                    screen.show(alert)
        if changed:
            self.redraw()

    def redraw(self) -> None:
        """Show the list anew, with the cursor on the same alert, or on its neighbour where it has left."""
        table: DataTable[Any] = self.query_one(DataTable)
        chosen = self._chosen_id()
        wide = self.size.width >= 130
        shown = self.view.shown()
        table.clear(columns=True)
        for name in ("!", "raised", "stands", "what", *(("missing", "whose turn") if wide else ())):
            table.add_column(name)
        now = datetime.now(UTC)
        for alert in shown:
            table.add_row(*_cells(alert, now, wide=wide), key=alert["alert_id"], height=None)
        ids = [alert["alert_id"] for alert in shown]
        # While the alerts are still being read the list begins at its top, unless somebody has gone down already.
        at_top = not self._loaded and (chosen is None or chosen == self._rows[0])
        table.move_cursor(row=0 if at_top else row_of(chosen, self._rows, ids))
        self._rows = ids
        self.query_one("#said", Static).update(self._said(len(shown)))

    def _said(self, count: int) -> str:
        if not self._answering:
            since = wording.local(self._heard_at)
            return f"Kafka has not answered since {since}: this may be old"
        view = self.view
        parts = [f"{count} alert{'' if count == 1 else 's'}", view.order]
        parts += [f"'{view.text}'"] if view.text else []
        parts += [f"of {view.mine}"] if view.mine else []
        parts += ["closed and withdrawn too"] if view.everything else []
        return " · ".join(parts)

    def _chosen_id(self) -> str | None:
        table: DataTable[Any] = self.query_one(DataTable)
        if not table.row_count or table.cursor_row >= table.row_count:
            return None
        return table.coordinate_to_cell_key(Coordinate(table.cursor_row, 0)).row_key.value

    def chosen(self) -> Alert | None:
        """Return the alert that the cursor is on."""
        chosen = self._chosen_id()
        return None if chosen is None else self.view.alerts.get(chosen)

    # What the keys do.

    @on(DataTable.RowSelected)
    def opened(self, event: DataTable.RowSelected) -> None:
        """Show the alert in full."""
        alert_id = event.row_key.value
        if alert_id is None:
            return
        if self._settings.operator:
            self._open(self._settings, alert_id)
        else:
            self.notify("Not noted in the audit: BATON_OPERATOR says whose look it is.")
            self._show(alert_id)

    @work(thread=True)
    def _open(self, settings: Settings, alert_id: str) -> None:
        """Show an alert once it is noted that it is seen; not if it cannot be."""
        try:
            note(settings, "viewed", "watch", alert_id)
        except (CommandError, InvalidEvent) as error:
            self.call_from_thread(self.notify, f"Not shown: {error}", severity="error")
        else:
            self.call_from_thread(self._show, alert_id)

    def _show(self, alert_id: str) -> None:
        """Show an alert, unless a dialog was opened meanwhile: what is typed there must not act on this one."""
        alert = self.view.alerts[alert_id]
        if len(self.screen_stack) > 1:
            self.notify("Not opened: another was open. Press Enter again.", title=_named(alert))
        else:
            self.push_screen(Sheet(alert))

    def action_search(self) -> None:
        """Ask what to look for."""
        search = self.query_one("#search", Input)
        search.add_class("open")
        search.focus()

    @on(Input.Changed, "#search")
    def searched(self, event: Input.Changed) -> None:
        """Narrow the list with each letter."""
        self.view.text = event.value
        self.redraw()

    @on(Input.Submitted, "#search")
    def kept(self) -> None:
        """Go back to the list, and keep what was looked for."""
        self.query_one(DataTable).focus()

    def key_escape(self) -> None:
        """Look for nothing any more."""
        search = self.query_one("#search", Input)
        search.value = ""
        search.remove_class("open")
        self.query_one(DataTable).focus()

    def action_order(self) -> None:
        """Show them in the next order."""
        self.view.next_order()
        self.redraw()

    def action_everything(self) -> None:
        """Show what is over, too, or not."""
        self.view.everything = not self.view.everything
        self.redraw()

    def action_mine(self) -> None:
        """Show only what is assigned to whoever works here, or everything."""
        self.with_operator(self._mine)

    def _mine(self, by: str) -> None:
        self.view.mine = "" if self.view.mine else by
        self.redraw()

    def action_acknowledge(self) -> None:
        """Take the alert up, until when one says."""
        alert = self._meant("AlertAcknowledged")
        if alert is None:
            return

        def acknowledge(span: str) -> None:
            until = datetime.now(UTC) + timedelta(hours=_SPANS[span]) if span in _SPANS else None
            self.act(alert, "AlertAcknowledged", until=until)

        self._choose("Acknowledge until", [*_SPANS, "the policy's limit"], alert, acknowledge)

    def action_assign(self) -> None:
        """Say whose it is."""
        alert = self._meant("AlertAssigned")
        if alert is None:
            return

        def assign(to: str) -> None:
            try:
                now = self.view.alerts[alert["alert_id"]]
                warning = check_assignee(self._settings, to, now, self._settings.operator)
            except CommandError as error:
                self._complain(alert, str(error))
                return
            if warning:
                self.notify(warning, title=_named(alert), severity="warning", markup=False)
            self.act(alert, "AlertAssigned", to=to)

        self._ask("Assign to (the key of a team, a role or an operator)", alert, assign)

    def action_close_alert(self) -> None:
        """Close the alert: the outcome, then why."""
        alert = self._meant("AlertClosed")
        if alert is None:
            return

        def close(outcome: str, rationale: str) -> None:
            self.act(alert, "AlertClosed", outcome=outcome, rationale=rationale)

        def ask_why(outcome: str) -> None:
            question = "Why, in general words: no name, address or health detail"
            self._ask(question, alert, partial(close, outcome))

        self._choose("What became of it?", OUTCOMES, alert, ask_why)

    def action_reopen(self) -> None:
        """Open a closed alert again."""
        alert = self._meant("AlertReopened")
        if alert is not None:
            self.act(alert, "AlertReopened")

    def _meant(self, record: str) -> Alert | None:
        """Return the alert that a key is for, now; None where there is none, or nothing to do to it, which is said."""
        screen = self.screen
        alert = screen.alert if isinstance(screen, Sheet) else self.chosen()
        if alert is None:
            return None
        no_effect = why_no_effect(alert, record)
        if no_effect:
            self._complain(alert, no_effect)
            return None
        return alert

    def act(self, meant: Alert, record: str, **said: object) -> None:
        """Tell an action on an alert, as it stands by now; what comes of it is shown when it is heard."""

        def go_on(by: str) -> None:
            alert = self.view.alerts[meant["alert_id"]]
            try:
                told = act_on(alert, record, by, **said)
            except (CommandError, InvalidField) as error:
                self._complain(alert, str(error))
                return
            self._told[told.event_id] = told
            self.notify("Told; waiting for baton's answer.", title=_named(alert), markup=False)
            self._tell(told)

        self.with_operator(go_on, meant)

    def _complain(self, alert: Alert, text: str, timeout: float | None = None) -> None:
        title = _named(alert)
        self.notify(text, title=title, severity="error", timeout=timeout, markup=False)

    @work(thread=True)
    def _tell(self, told: Act) -> None:
        try:
            tell(self._settings, told)
        except (InvalidEvent, KafkaError) as error:
            self._told.pop(told.event_id, None)
            text = str(error) or type(error).__name__
            alert = self.view.alerts[told.fields["alert"]]
            self.call_from_thread(self._complain, alert, f"Not told: {text}")

    def _answer(self, alert: Alert, event_id: str) -> None:
        refused = refusal_in(alert, event_id)
        if refused == NOT_YET:
            return
        told = self._told.pop(event_id)
        if refused is not None:
            self._complain(alert, f"Refused. {refusal_sentence(refused)}", timeout=15)
        else:
            self.notify(lived.done(told.record, alert), title=_named(alert), markup=False)

    def with_operator(self, go_on: Callable[[str], None], alert: Alert | None = None) -> None:
        """Go on with the key of whoever works here, asked for once; `alert` is what it is asked for."""
        if self._settings.operator:
            go_on(self._settings.operator)
            return

        def known(by: str) -> None:
            try:
                check_pointers({"by": by})
            except InvalidField as error:
                self.notify(str(error), severity="error")
                return
            self._settings = replace(self._settings, operator=by)
            go_on(by)

        self._ask("Your key, never a name (BATON_OPERATOR says it once for all)", alert, known)

    def _ask(self, question: str, alert: Alert | None, go_on: Callable[[str], None]) -> None:
        which = "" if alert is None else _named(alert)
        self.push_screen(Ask(question, which), lambda text: go_on(text) if text else None)

    def _choose(
        self, question: str, options: Iterable[str], alert: Alert, go_on: Callable[[str], None]
    ) -> None:
        choice = Choice(question, list(options), _named(alert))
        self.push_screen(choice, lambda text: go_on(text) if text else None)


def _keys() -> Footer:
    """Return the keys that may be pressed, written so closely that all of them fit in 80 columns."""
    return Footer(compact=True, show_command_palette=False)


def _cells(alert: Alert, now: datetime, *, wide: bool) -> list[Any]:
    from rich.text import Text

    style = _STYLES[alert["severity"]]
    taken = f"\nby {alert['acknowledged_by']}" if alert["acknowledged_by"] else ""
    owner = f"\nof {alert['owner']}" if alert["owner"] else ""
    raised, stands = wording.local(alert["raised_at"]), f"{wording.status(alert)}{taken}{owner}"
    due = wording.due(alert, now)
    what = Text(alert["rule"], style=style)
    what.append(f"\n{wording.about(alert)}", style="")
    if wide:
        missing = wording.missing(alert) + (f"\ndue {due}" if due else "")
        return [
            Text(str(alert["severity"]), style=style),
            raised,
            stands,
            what,
            missing,
            wording.who(alert),
        ]
    if due:
        what.append(f"\ndue {due}", style="")
    what.append(f"\n{wording.who(alert)}", style="dim")
    return [Text(str(alert["severity"]), style=style), raised.replace(" ", "\n"), stands, what]


class Sheet(ModalScreen[None]):
    """One alert in full, as it stands: the keys act on it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "dismiss", "Back"), *_ACTING]

    def __init__(self, alert: Alert) -> None:
        """Take the alert."""
        super().__init__()
        self.alert = alert
        self._text = Static(_in_full(alert), markup=False)

    @property
    def alert_id(self) -> str:
        """Which alert it is."""
        return str(self.alert["alert_id"])

    def compose(self) -> ComposeResult:
        """Lay out what is known of it."""
        with VerticalScroll(classes="box"):
            yield self._text
        yield _keys()

    def show(self, alert: Alert) -> None:
        """Show the alert as it stands now."""
        self.alert = alert
        self._text.update(_in_full(alert))


def _in_full(alert: Alert) -> str:
    """Return all that is known of an alert: what people need before they act comes first."""
    about = wording.details(alert)
    stands = [label for label, _ in about].index("stands") + 1
    became = (*lived.standing(alert), *lived.coming(alert))
    rows = [*about[:stands], *(row for row in became if row[1]), *about[stands:]]
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:{width}}  {words}" for label, words in rows]
    if alert["members"]:
        lines += ["", f"The {len(alert['members'])} it covers"]
        lines += [": ".join(wording.member(each)) for each in alert["members"]]
    lines += ["", "What it rests on and what was done", *timeline(alert)]
    return "\n".join(lines)


def timeline(alert: Alert) -> list[str]:
    """Return what happened around an alert, in order, one line each."""
    events = {each["event_id"]: each for each in (*alert["trigger"], *alert["evidence"])}
    lines = [
        (each["occurred_at"], f"{wording.agency(each['agency'])}: {wording.record(each['event'])}")
        for each in events.values()
    ]
    # Of one moment the cause comes first: it was due, so it was raised, so somebody was asked.
    lines += [(alert["due_at"], "due")] if alert["due_at"] else []
    lines += [(alert["raised_at"], "baton: raised")]
    lines += [
        (at, text if label in {"told", "done"} else f"{label}, {text}")
        for at, label, text in lived.happened(alert)
    ]
    return [
        f"{wording.local(at)}  {words}" for at, words in sorted(lines, key=lambda each: each[0])
    ]


class Choice(ModalScreen[str | None]):
    """One of several, for one alert."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]

    def __init__(self, question: str, options: list[str], which: str) -> None:
        """Take the question, what may be answered, and which alert it is for."""
        super().__init__()
        self._question = question
        self._which = which
        self._options = options

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            yield Static(self._which, markup=False, classes="which")
            yield Label(self._question, markup=False)
            yield OptionList(
                *(
                    Option(wording.words(each), id=f"o{number}")
                    for number, each in enumerate(self._options)
                )
            )
        yield _keys()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the answer."""
        self.dismiss(self._options[event.option_index])


class Ask(ModalScreen[str | None]):
    """A line of text, for one alert or for none."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]

    def __init__(self, question: str, which: str) -> None:
        """Take the question, and which alert it is for."""
        super().__init__()
        self._question = question
        self._which = which

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            if self._which:
                yield Static(self._which, markup=False, classes="which")
            yield Label(self._question, markup=False)
            yield Input()
        yield _keys()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        self.dismiss(event.value.strip() or None)


def run_desk(settings: Settings, view: View) -> int:
    """Show the alerts until somebody quits; return the exit code."""
    app = Desk(settings, view)
    app.run()
    return app.return_code or 0
