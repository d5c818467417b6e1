"""`baton watch` on a terminal: the alerts that stand, live, to be left open all day.

Everything has a key, and the keys are shown; it works in 80 columns and over SSH.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from baton.cli.acts import OUTCOMES, Act, act_on, refusal_in, refusal_sentence, tell
from baton.cli.exits import CommandError
from baton.cli.seen import note
from baton.contract.errors import InvalidEvent, InvalidField
from baton.contract.pointers import check_pointers
from baton.contract.topics import ALERTS, prefixed
from baton.reading import Reader
from baton.reading.alerts import alerts_of
from baton.wording import lived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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


def _searched(alert: Alert) -> str:
    """Return what of an alert is looked through."""
    parts = (alert["alert_id"], wording.status(alert), wording.who(alert), alert["owner"] or "")
    return " ".join(parts).casefold()


class Desk(App[None]):
    """The list, and one alert in full beside or over it."""

    TITLE = "baton"
    CSS = """
    #said { height: 1; padding: 0 1; background: $surface; }
    #search { display: none; border: none; height: 1; padding: 0 1; }
    #search.open { display: block; }
    DataTable { height: 1fr; }
    Sheet, Choice, Ask { align: center middle; }
    .box { width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 1 2; }
    .box { border: round $primary; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "open", "Open"),
        ("a", "acknowledge", "Acknowledge"),
        ("s", "assign", "Assign"),
        ("c", "close_alert", "Close"),
        ("r", "reopen", "Reopen"),
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
        self.view = view

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="said")
        yield Input(placeholder="words to look for; Enter keeps, Escape clears", id="search")
        yield DataTable(cursor_type="row", zebra_stripes=True)
        yield Footer()

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
        changed = bool(alerts) or answering != self._answering
        self._answering = answering
        self.view.hear(alerts)
        for alert in alerts:
            for event_id in list(self._told):
                self._answer(alert, event_id)
        if changed:
            self.redraw()

    def redraw(self) -> None:
        """Show the list anew, with the cursor on the same alert."""
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
        if chosen in ids:
            table.move_cursor(row=ids.index(chosen))
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
    def action_open(self) -> None:
        """Show the alert in full."""
        alert = self.chosen()
        if alert is None:
            return
        if self._settings.operator:
            self._open(self._settings, alert)
        else:
            self.notify("Not noted in the audit: BATON_OPERATOR says whose look it is.")
            self.push_screen(Sheet(alert))

    @work(thread=True)
    def _open(self, settings: Settings, alert: Alert) -> None:
        """Show an alert once it is noted that it is seen; not if it cannot be."""
        try:
            note(settings, "viewed", "watch", alert["alert_id"])
        except (CommandError, InvalidEvent) as error:
            self.call_from_thread(self.notify, f"Not shown: {error}", severity="error")
        else:
            self.call_from_thread(self.push_screen, Sheet(alert))

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
        self._choose("Acknowledge until", [*_SPANS, "the policy's limit"], self._acknowledged)

    def _acknowledged(self, span: str) -> None:
        until = datetime.now(UTC) + timedelta(hours=_SPANS[span]) if span in _SPANS else None
        self.act("AlertAcknowledged", until=until)

    def action_assign(self) -> None:
        """Say whose it is."""
        self._ask("Assign to (the key of a team, a role or an operator)", self._assigned)

    def _assigned(self, to: str) -> None:
        self.act("AlertAssigned", to=to)

    def action_close_alert(self) -> None:
        """Close the alert: the outcome, then why."""
        self._choose("What became of it?", OUTCOMES, self._outcome)

    def _outcome(self, outcome: str) -> None:
        def close(rationale: str) -> None:
            self.act("AlertClosed", outcome=outcome, rationale=rationale)

        self._ask("Why, in general words: no name, address or health detail", close)

    def action_reopen(self) -> None:
        """Open a closed alert again."""
        self.act("AlertReopened")

    def act(self, record: str, **said: object) -> None:
        """Tell an action on the chosen alert; what comes of it is shown when it is heard."""
        alert = self.chosen()
        if alert is None:
            return

        def go_on(by: str) -> None:
            try:
                told = act_on(alert, record, by, **said)
            except (CommandError, InvalidField) as error:
                self.notify(str(error), severity="error")
                return
            self._told[told.event_id] = told
            self.notify("Told; waiting for baton's answer.")
            self._tell(told)

        self.with_operator(go_on)

    @work(thread=True)
    def _tell(self, told: Act) -> None:
        try:
            tell(self._settings, told)
        except (InvalidEvent, KafkaError) as error:
            self._told.pop(told.event_id, None)
            text = str(error) or type(error).__name__
            self.call_from_thread(self.notify, f"Not told: {text}", severity="error")

    def _answer(self, alert: Alert, event_id: str) -> None:
        refused = refusal_in(alert, event_id)
        if refused == NOT_YET:
            return
        told = self._told.pop(event_id)
        if refused is not None:
            self.notify(f"Refused. {refusal_sentence(refused)}", severity="error", timeout=15)
        else:
            self.notify(lived.done(told.record, alert))

    def with_operator(self, go_on: Callable[[str], None]) -> None:
        """Go on with the key of whoever works here, asked for once."""
        if self._settings.operator:
            go_on(self._settings.operator)
            return

        def known(by: str) -> None:
            from dataclasses import replace

            try:
                check_pointers({"by": by})
            except InvalidField as error:
                self.notify(str(error), severity="error")
                return
            self._settings = replace(self._settings, operator=by)
            go_on(by)

        self._ask("Your key, never a name (BATON_OPERATOR says it once for all)", known)

    def _ask(self, question: str, go_on: Callable[[str], None]) -> None:
        self.push_screen(Ask(question), lambda text: go_on(text) if text else None)

    def _choose(self, question: str, options: Iterable[str], go_on: Callable[[str], None]) -> None:
        if self.chosen() is not None:
            chosen: Callable[[str | None], None] = lambda text: go_on(text) if text else None  # noqa: E731 (as in _ask)
            self.push_screen(Choice(question, list(options)), chosen)


def _cells(alert: Alert, now: datetime, *, wide: bool) -> list[Any]:
    from rich.text import Text

    style = _STYLES[alert["severity"]]
    taken = f"\n{alert['acknowledged_by']}" if alert["acknowledged_by"] else ""
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
    """One alert in full."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "dismiss", "Back")]

    def __init__(self, alert: Alert) -> None:
        """Take the alert."""
        super().__init__()
        self._alert = alert

    def compose(self) -> ComposeResult:
        """Lay out what is known of it."""
        rows = [
            (label, text)
            for label, text in (
                *wording.details(self._alert),
                *lived.standing(self._alert),
                *lived.coming(self._alert),
            )
            if text
        ]
        width = max(len(label) for label, _ in rows)
        text = "\n".join(f"{label:{width}}  {words}" for label, words in rows)
        with VerticalScroll(classes="box"):
            yield Static(text, markup=False)
            yield Static(
                "\nWhat it rests on and what was done\n" + "\n".join(timeline(self._alert)),
                markup=False,
            )
            yield Static("\nEscape: back", markup=False)


def timeline(alert: Alert) -> list[str]:
    """Return what happened around an alert, in order, one line each."""
    events = {each["event_id"]: each for each in (*alert["trigger"], *alert["evidence"])}
    lines = [
        (each["occurred_at"], f"{wording.agency(each['agency'])}: {wording.record(each['event'])}")
        for each in events.values()
    ]
    lines += [(alert["raised_at"], "baton: raised")]
    lines += [(alert["due_at"], "due")] if alert["due_at"] else []
    lines += [
        (at, text if label in {"told", "done"} else f"{label}, {text}")
        for at, label, text in lived.happened(alert)
    ]
    return [f"{wording.local(at)}  {words}" for at, words in sorted(lines)]


class Choice(ModalScreen[str | None]):
    """One of several."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]

    def __init__(self, question: str, options: list[str]) -> None:
        """Take the question and what may be answered."""
        super().__init__()
        self._question = question
        self._options = options

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            yield Label(self._question, markup=False)
            yield OptionList(
                *(
                    Option(wording.words(each), id=f"o{number}")
                    for number, each in enumerate(self._options)
                )
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the answer."""
        self.dismiss(self._options[event.option_index])


class Ask(ModalScreen[str | None]):
    """A line of text."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]

    def __init__(self, question: str) -> None:
        """Take the question."""
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="box"):
            yield Label(self._question, markup=False)
            yield Input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        self.dismiss(event.value.strip() or None)


def run_desk(settings: Settings, view: View) -> int:
    """Show the alerts until somebody quits; return the exit code."""
    app = Desk(settings, view)
    app.run()
    return app.return_code or 0
