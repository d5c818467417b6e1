"""The pages. Each asks what stands, shows what its reader may see, and notes that it was seen."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from baton import wording
from baton.access import REFUSALS as ACCESS_REFUSALS
from baton.console import acting, blocks, figures
from baton.console.query import AGES, Query
from baton.console.teller import NotToldError
from baton.console.timeline import deed_words, event_words, refusal_words, timeline_of
from baton.engine.alerts import OPEN
from baton.reading import matching
from baton.rules.register import RULES
from baton.wording import lived

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from starlette.requests import Request
    from starlette.templating import Jinja2Templates

    from baton.access import Assignees, Entitlements, Operator
    from baton.console.deeds import Deeds
    from baton.console.rows import Row
    from baton.console.sources import Sources
    from baton.console.standing import Standing
    from baton.console.teller import Tells
    from baton.reading import StatedSilence

ANSWERED_WITHIN: Final = 10.0
"""Seconds that a page waits for what the engine says to an action, before it says that it does not know yet."""
SSE_LASTS: Final = 300.0
"""Seconds after which a live page asks anew."""
KEEP_ALIVE: Final = 15.0
STILL_EVERY: Final = 2.0
"""Seconds after which a live page is asked again whether its reader is still signed in, with the same rights."""
_LISTED_AGAIN: Final = 600.0
"""Seconds within which the same list, shown again to the same person, is one view: a live page asks often."""
_MOST_VIEWS: Final = 20
_AS_THEY_ARE: Final = frozenset({"Assigned to", "Acknowledged by", "Closed by", "Area", "Id"})
"""The labels of what begins with a key, which is shown as it is."""


class Notes(Protocol):
    """The audit: who had access to what, from where. What people do is on record by itself."""

    def note(  # noqa: PLR0913 (an access is all of these, and each has a name)
        self,
        who: str,
        what: str,
        where: str | None = None,
        why: str | None = None,
        *,
        alert: str | None = None,
        page: str | None = None,
    ) -> None:
        """Note an access; raise KafkaError where that is not certain, so that nothing is shown unrecorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Every page, with what they ask."""

    templates: Jinja2Templates
    standing: Standing
    deeds: Deeds
    sources: Sources
    teller: Tells
    trail: Notes
    entitlements: Entitlements
    assignees: Assignees
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    # The list.

    def alerts(self, request: Request) -> Response:
        """Show the list."""
        query = Query.of(request.query_params)
        self._note_listing(request, query)
        return self._list(request, "alerts.html", query)

    def search(self, request: Request) -> Response:
        """Look for an alert, a case or a pseudonym, however it stands."""
        text = request.query_params.get("text", "").strip()
        query = Query.of({"status": "any", "sort": "newest", **request.query_params})
        if not text:
            return self._page(request, "search.html", query=query, page=None, rows=[])
        self._note_listing(request, query)
        return self._list(request, "search.html", query)

    def _list(self, request: Request, template: str, query: Query) -> Response:
        operator, now = _operator(request), self.now()
        page = self.standing.page(operator, query, now)
        audiences = self.standing.audiences(operator)
        return self._page(
            request,
            template,
            query=query,
            page=page,
            rows=[(row, row.alert()) for row in page.rows],
            now=now,
            version=self.standing.version,
            age_options=[(word, label) for word, (label, _) in AGES.items()],
            rule_options=[(rule, wording.opening(wording.words(rule))) for rule in sorted(RULES)],
            agency_options=_options(
                {each.agency for each in audiences},
                lambda code: wording.opening(wording.agency(code)),
            ),
            role_options=_options(
                {each for a in audiences for each in a.roles},
                lambda code: wording.opening(wording.words(code)),
            ),
            authority_options=_options({each.authority for each in audiences}, str),
            views=request.state.session.data.get("views", {}),
        )

    def _note_listing(self, request: Request, query: Query) -> None:
        seen: dict[str, float] = request.state.session.data.setdefault("listed", {})
        now, what = self.now().timestamp(), query.address(page=1)
        if now - seen.get(what, 0.0) >= _LISTED_AGAIN:
            # What was searched for may be a name that somebody typed: it is kept nowhere.
            page = query.address(page=1, text="")
            self._note(request, "searched" if query.text else "listed", page=page)
            while len(seen) >= _MOST_VIEWS:
                seen.pop(next(iter(seen)))
            seen[what] = now

    async def save_view(self, request: Request) -> Response:
        """Keep the filters under a name, for this session, or forget them."""
        form = acting.Form(_plain(await request.form()))
        views: dict[str, str] = request.state.session.data.setdefault("views", {})
        name = form.text("name")[:40]
        if form.text("forget"):
            views.pop(form.text("forget"), None)
            return RedirectResponse("/", 303)
        address = Query.of(_pairs(form.text("query"))).address(page=1)
        if name and (name in views or len(views) < _MOST_VIEWS):
            views[name] = address
        return RedirectResponse(f"/{address}", 303)

    async def events(self, request: Request) -> Response:
        """Say, as it happens, that something changed that the reader may see; never what."""
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        operator, still = _operator(request), request.state.still
        # As of when the page was made: what came while it was on its way to the reader is news to it.
        shown = request.headers.get("last-event-id") or request.query_params.get("shown", "")
        since = int(shown) if shown.isascii() and shown.isdigit() else None
        events = changes(self.standing, operator, SSE_LASTS, still, since)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    # One alert.

    def alert(self, request: Request) -> Response:
        """Show one alert in full."""
        row, alert = self._seen(request, request.query_params.get("id", ""))
        self._note(request, "viewed", alert=row.alert_id)
        operator = _operator(request)
        actions = [
            (name, acting.BUTTONS[name])
            for name in acting.possible(alert)
            if self.entitlements.may_act(operator, name, alert) is None
        ]
        may_not = None if actions else self.entitlements.may_act(operator, "acknowledge", alert)
        return self._page(
            request,
            "alert.html",
            row=row,
            alert=alert,
            now=self.now(),
            timeline=timeline_of(alert, self.deeds),
            actions=actions,
            may_not=ACCESS_REFUSALS.get(may_not, "") if may_not else "",
            facts=_facts(alert, self.now()),
            records=_records(alert),
            deeds=[self._deed(each, alert) for each in alert["actions"]],
            done=self._done(request.query_params.get("done", ""), alert, operator),
            same=self._same_subject(operator, row),
        )

    def referred(self, request: Request) -> Response:
        """Lead from the reference in a message to its alert."""
        # The id has the person's pseudonym in it: it is in no answer to somebody who may not see the alert.
        row, _ = self._seen(request, self.standing.id_of(request.path_params["reference"]))
        return RedirectResponse(f"/alert?{urlencode({'id': row.alert_id})}", 303)

    def _same_subject(self, operator: Operator, row: Row) -> list[Row]:
        about = [
            each
            for each in self.standing.visible(operator)
            if each.about == row.about
            and each.about_kind == row.about_kind
            and each.alert_id != row.alert_id
        ]
        return sorted(about, key=lambda each: each.raised_at, reverse=True)[:20]

    def _deed(self, action: Mapping[str, Any], alert: Mapping[str, Any]) -> dict[str, Any]:
        said = self.deeds.told(action, alert["authority"])
        return {
            "at": action["occurred_at"],
            "by": action["by"],
            "what": deed_words(action, alert, self.deeds),
            "refused": refusal_words(action["refused"]) if action["refused"] else "",
            "rationale": said.get("rationale") or said.get("why") or "",
        }

    def _done(
        self, event_id: str, alert: Mapping[str, Any], operator: Operator
    ) -> dict[str, Any] | None:
        """Return what came of the action that led here: accepted, refused with a sentence, or not known yet."""
        if not event_id:
            return None
        shown, refused = self.standing.answer(event_id, 0)
        if not shown:
            silenced = self._silenced(event_id, alert, operator)
            return silenced or {"state": "pending", "id": event_id}
        if refused:
            return {"state": "refused", "sentence": refusal_words(refused)}
        for action in alert["actions"]:
            if action["event_id"] == event_id:
                asked = action["event"] == "AlertClosed" and alert["status"] in OPEN
                to = self.deeds.told(action, alert["authority"]).get("to")
                return {
                    "state": "accepted",
                    "sentence": deed_words(action, alert, self.deeds),
                    "asked": asked,
                    "warning": self.assignees.warning(to, alert, action["by"]) if to else "",
                }
        told = self.deeds.silence(alert["authority"], event_id) is not None
        return {"state": "accepted", "sentence": "Silenced" if told else "Done", "asked": False}

    def _silenced(
        self, event_id: str, alert: Mapping[str, Any], operator: Operator
    ) -> dict[str, Any] | None:
        """Return what came of a silence that no alert will show: it never held, or there is none for it now."""
        silence = self.deeds.silence(alert["authority"], event_id)
        if silence is None:
            return None
        if silence.refused:
            return {"state": "refused", "sentence": refusal_words(silence.refused)}
        alike = self._alike(alert, operator)
        if matching(silence.stated["matcher"], alert["authority"], alike):
            return None
        sentence = "Silenced. It matches no open alert now; later ones that match are silenced"
        return {"state": "accepted", "sentence": sentence, "asked": False}

    def _alike(self, alert: Mapping[str, Any], operator: Operator) -> list[dict[str, Any]]:
        """Return the open alerts that an operator may see and that a silence which begins at an alert may be for."""
        # Every silence that begins here is for one rule: no other alert has to be read.
        return [
            row.alert()
            for row in self.standing.visible(operator)
            if row.open and row.rule == alert["rule"]
        ]

    # What is done to it.

    async def act(self, request: Request) -> Response:
        """Show the form of an action, and take it."""
        action = request.path_params["action"]
        row, alert = self._seen(request, request.query_params.get("id", ""))
        operator, now = _operator(request), self.now()
        if action not in acting.HEADINGS:
            raise HTTPException(404)
        refusal = self.entitlements.may_act(operator, action, alert)
        if refusal is not None:
            await run_in_threadpool(
                self._note, request, "refused", alert=row.alert_id, page=action, why=refusal
            )
            raise HTTPException(403, ACCESS_REFUSALS.get(refusal, ""))
        if request.method == "GET":
            # The form says whom it is about, and what somebody else has asked for, and why.
            await run_in_threadpool(self._note, request, "viewed", alert=row.alert_id, page=action)
            form = acting.Form({"event_id": acting.new_event_id()})
            return self._form(request, action, form, alert)
        form = acting.Form(_plain(await request.form()))
        asked = acting.read(action, form, alert, operator, now)
        if asked is not None and not acting.is_whole(asked):
            form.wrong("event_id", "baton cannot take this: load the page again")
            asked = None
        if asked is not None and asked.record == "AlertAssigned":
            may_not_see = self.assignees.refusal(asked.fields["to"], alert)
            if may_not_see:
                form.wrong("to-key" if form.text("to") == "other" else "to", may_not_see)
                asked = None
        if asked is None:
            return self._form(request, action, form, alert, status_code=422)
        outcome = await run_in_threadpool(self._tell, asked)
        if not outcome:
            form.wrong("event_id", "baton could not take this just now: send it again in a minute")
            return self._form(request, action, form, alert, status_code=503)
        where = urlencode({"id": row.alert_id, "done": asked.event_id})
        return RedirectResponse(f"/alert?{where}", 303)

    def _form(
        self,
        request: Request,
        action: str,
        form: acting.Form,
        alert: Mapping[str, Any],
        status_code: int = 200,
    ) -> Response:
        wanted: Mapping[str, Any] = {}
        if action == "close" and alert["closing_by"]:
            asked = [
                each
                for each in alert["actions"]
                if each["event"] == "AlertClosed"
                and each["by"] == alert["closing_by"]
                and not each["refused"]
            ]
            wanted = self.deeds.told(asked[-1], alert["authority"]) if asked else {}
        matchers = acting.matchers_of(alert)
        counts = {}
        if action == "silence":
            alike = self._alike(alert, _operator(request))
            counts = {
                which: len(matching(matcher, alert["authority"], alike))
                for which, (matcher, _) in matchers.items()
            }
        return self._page(
            request,
            f"act_{action}.html",
            status_code=status_code,
            heading=acting.HEADINGS[action],
            button=acting.BUTTONS[action],
            form=form,
            alert=alert,
            outcomes=acting.OUTCOMES,
            spans=acting.SPANS,
            roles=acting.roles_to_tell(alert),
            matchers=matchers,
            counts=counts,
            wanted=wanted,
            now=self.now(),
        )

    def _tell(self, asked: acting.Asked) -> bool:
        """Tell an action and wait for what the engine says to it; return False where it may not have been told."""
        try:
            self.teller.tell(asked.record, asked.fields)
        except NotToldError:
            return False
        self.standing.answer(asked.event_id, ANSWERED_WITHIN)
        return True

    # Block transfers.

    def blocks(self, request: Request) -> Response:
        """List the block transfers that stand."""
        found = [
            (row, blocks.reconciliation_of(row.alert()))
            for row in self.standing.visible(_operator(request))
            if row.rule == blocks.RULE and row.status != "withdrawn"
        ]
        found.sort(key=lambda each: each[0].raised_at, reverse=True)
        self._note(request, "listed", page="blocks")
        return self._page(request, "blocks.html", found=found)

    async def block(self, request: Request) -> Response:
        """Show a block transfer reconciled, and compared with somebody's own list of its cases."""
        row, alert = self._seen(request, request.query_params.get("id", ""))
        if row.rule != blocks.RULE:
            raise HTTPException(404)
        await run_in_threadpool(self._note, request, "viewed", alert=row.alert_id)
        reconciliation = blocks.reconciliation_of(alert)
        given, compared = "", None
        if request.method == "POST":
            given = acting.Form(_plain(await request.form())).text("cases")[:20_000]
            compared = reconciliation.compared(given.replace(",", " ").split())
        return self._page(
            request,
            "block.html",
            row=row,
            alert=alert,
            reconciliation=reconciliation,
            states=blocks.STATES,
            given=given,
            compared=compared,
        )

    def block_file(self, request: Request) -> Response:
        """Give a reconciliation as a file."""
        row, alert = self._seen(request, request.query_params.get("id", ""))
        if row.rule != blocks.RULE:
            raise HTTPException(404)
        self._note(request, "exported", alert=row.alert_id)
        columns = {**blocks.STATES, "items-open": "Items open"}
        table = figures.Figure(
            name="block-transfer",
            title="",
            says="",
            bars=[],
            headings=["Case", "Arrived", *columns.values()],
            table=[
                [
                    case.key,
                    _yes(case.arrived),
                    *(_yes(each in case.states) for each in columns),
                ]
                for case in blocks.reconciliation_of(alert).cases
            ],
        )
        return _file(table)

    # Sources and silences.

    def feeds(self, request: Request) -> Response:
        """Show how the agencies' feeds and the clock are."""
        operator = _operator(request)
        silent = [
            row
            for row in self.standing.visible(operator)
            if row.rule == "source-silent" and row.open
        ]
        return self._page(
            request,
            "sources.html",
            now=self.now(),
            heartbeats=self.sources.heartbeats(operator.authorities),
            silent={row.about.rpartition("/")[2]: row for row in silent},
            ticked_at=self.sources.ticked_at,
            clock_stands=self.sources.clock_stands(self.now()),
        )

    def silences(self, request: Request) -> Response:
        """List the silences that are the reader's to see, with the alerts that each keeps quiet."""
        operator, now = _operator(request), self.now()
        quiet: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.standing.visible(operator):
            if row.silence:
                quiet[row.audience.authority, row.silence].append(row)
        known = self._silences_of(operator)
        return self._page(
            request,
            "silences.html",
            now=now,
            # An id for each form: two that are sent are two deeds, and one that is sent twice is one.
            holding=[
                (each, quiet[each.key], acting.new_event_id() if _may_end(each, operator) else "")
                for each in known
                if each.holds(now)
            ],
            over=[each for each in known if not each.holds(now)][:50],
            done=request.query_params.get("done", ""),
        )

    async def end_silence(self, request: Request) -> Response:
        """End a silence before its time."""
        form = acting.Form(_plain(await request.form()))
        operator, now = _operator(request), self.now()
        silence = self._silence(form.text("silence"), operator)
        if silence is None:
            raise HTTPException(404)
        began = silence.stated
        if not _may_end(silence, operator):
            await run_in_threadpool(
                self._note, request, "refused", page="silences", why="not-yours"
            )
            raise HTTPException(
                403, "Only who began a silence, or somebody of their agency, may end it."
            )
        place = {"authority": began["authority"], "responsible": {"agency": began["agency"]}}
        event_id = form.text("event_id")
        said = acting.said_by(operator, place, event_id, now)
        asked = acting.Asked("SilenceEnded", said | {"silence": began["event_id"]})
        if not acting.is_event_id(event_id) or not acting.is_whole(asked):
            raise HTTPException(400, "This form can no longer be used: load the page again.")
        if not silence.holds(now):
            # The page was loaded while it held, or somebody else was quicker: nothing is told, nor waited for.
            return RedirectResponse("/silences?done=over", 303)
        done = await run_in_threadpool(self._tell_end, asked)
        if not done:
            raise HTTPException(503, "baton could not take this just now: try again in a minute.")
        return RedirectResponse(f"/silences?done={done}", 303)

    def _tell_end(self, asked: acting.Asked) -> str:
        """Tell the end of a silence; return whether it is `ended` or only `asked`, or nothing if it was not told."""
        try:
            self.teller.tell(asked.record, asked.fields)
        except NotToldError:
            return ""
        said = asked.fields
        heard = self.deeds.wait_until_ended(said["authority"], said["silence"], ANSWERED_WITHIN)
        return "ended" if heard else "asked"

    def _silences_of(self, operator: Operator) -> list[StatedSilence]:
        """Return the silences of an operator's areas that are theirs to see, the newest first.

        Those of their own agencies, and those of others that are for an alert which they may see: what a silence is
        for names alerts and pseudonyms, and why it began is somebody's words.
        """
        of_areas = [
            each
            for each in self.deeds.silences()
            if each.stated["authority"] in operator.authorities
        ]
        others = [each for each in of_areas if not _may_end(each, operator)]
        seen = self._seen_of(others, operator) if others else set()
        return [each for each in of_areas if _may_end(each, operator) or each.key in seen]

    def _seen_of(self, others: list[StatedSilence], operator: Operator) -> set[tuple[str, str]]:
        """Return which of these silences are for an alert that an operator may see, open or not."""
        alerts = [row.as_matched() for row in self.standing.visible(operator)]
        return {
            each.key
            for each in others
            if each.refused is None
            and matching(each.stated["matcher"], each.stated["authority"], alerts)
        }

    def _silence(self, silence_id: str, operator: Operator) -> StatedSilence | None:
        for each in self._silences_of(operator):
            if each.stated["event_id"] == silence_id:
                return each
        return None

    # For the board.

    def board(self, request: Request) -> Response:
        """Show the figures."""
        found = self._figures(request)
        self._note(request, "viewed", page="board")
        drawn = [(figure, *figures.bars_of(figure)) for figure in found]
        return self._page(request, "board.html", drawn=drawn, now=self.now())

    def board_file(self, request: Request) -> Response:
        """Give one figure as a file."""
        for figure in self._figures(request):
            if figure.name == request.path_params["name"]:
                self._note(request, "exported", page=f"board/{figure.name}")
                return _file(figure)
        raise HTTPException(404)

    def _figures(self, request: Request) -> list[figures.Figure]:
        operator = _operator(request)
        if not operator.board:
            self._note(request, "refused", page="board", why="not-yours")
            raise HTTPException(403, "The figures are for members of the partnership's board.")
        return figures.figures(self.standing.of_areas(operator.authorities), self.now())

    # All of them.

    def refused(self, request: Request, error: Exception) -> Response:
        """Show what is not there, or not for the reader, in the look of the others."""
        code, sentence = (
            503,
            "What is seen here is noted, and that cannot be done just now: try again in a minute.",
        )
        if isinstance(error, HTTPException):
            code, sentence = error.status_code, error.detail
        if getattr(request.state, "operator", None) is None:
            return PlainTextResponse(sentence or "Not found", code)
        return self._page(request, "refused.html", status_code=code, code=code, sentence=sentence)

    def _seen(self, request: Request, alert_id: str) -> tuple[Row, dict[str, Any]]:
        """Return an alert that the reader may see; one that is not there and one that is not theirs look the same."""
        row = self.standing.get(alert_id)
        if row is None:
            raise HTTPException(404)
        alert = row.alert()
        if not self.entitlements.may_see(_operator(request), alert):
            self._note(request, "refused", alert=alert_id, why="not-yours")
            raise HTTPException(404)
        return row, alert

    def _note(
        self,
        request: Request,
        what: str,
        *,
        alert: str | None = None,
        page: str | None = None,
        why: str | None = None,
    ) -> None:
        where = request.client.host if request.client else "nowhere"
        self.trail.note(_operator(request).key, what, where, why, alert=alert, page=page)

    def _page(
        self, request: Request, template: str, *, status_code: int = 200, **context: object
    ) -> Response:
        context["version"] = self.standing.version
        return self.templates.TemplateResponse(request, template, context, status_code=status_code)


def _may_end(silence: StatedSilence, operator: Operator) -> bool:
    """Say whether a silence is an operator's own, or their agency's."""
    began = silence.stated
    return began["by"] == operator.key or began["agency"] in operator.agencies


def _facts(alert: Mapping[str, Any], now: datetime) -> list[tuple[str, str]]:
    """Return what an alert says, as labels and words."""
    due = ""
    if alert["due_at"] and alert["reason"] != "found":
        due = wording.spoken(alert["due_at"])
        if alert["status"] in OPEN and now > alert["due_at"]:
            due += f", {wording.duration(now - alert['due_at'])} ago"
    taken_up = ""
    if alert["acknowledged_by"]:
        until = alert["acknowledged_until"]
        taken_up = (
            f"{alert['acknowledged_by']}{f', until {wording.spoken(until)}' if until else ''}"
        )
    closed = ""
    if alert["closed_by"]:
        second = f" and {alert['second_by']}" if alert["second_by"] else ""
        closed = f"{alert['closed_by']}{second}: {wording.words(alert['outcome'] or '')}"
    by = f"rule version {alert['rule_version']}, policy {alert['policy_version']}"
    rows = [
        ("How it stands", wording.status(alert)),
        (
            "What should have come" if alert["status"] in OPEN else "What had been missing",
            wording.missing(alert),
        ),
        ("By when", due),
        ("Whose turn it is", wording.who(alert)),
        ("Assigned to", wording.assignee(alert["owner"] or "", alert)),
        ("Acknowledged by", taken_up),
        ("Closed by", closed),
        ("Raised", wording.spoken(alert["raised_at"])),
        (
            "What was missing came",
            wording.spoken(alert["answered_at"]) if alert["answered_at"] else "",
        ),
        (
            "To be told, in this order",
            ", then ".join(
                " and ".join(map(wording.words, each.split("+"))) for each in alert["tell"]
            ),
        ),
        ("What comes next", lived.comes_next(alert, wording.spoken)),
        ("Area", alert["authority"] if alert["authority"] != "local" else ""),
        ("Judged", f"{wording.spoken(alert['as_of'])}, by {by}"),
        ("Id", alert["alert_id"]),
    ]
    return [
        (label, text if label in _AS_THEY_ARE else wording.opening(text))
        for label, text in rows
        if text
    ]


def _records(alert: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records that an alert rests on, each once, in order of time."""
    known = {each["event_id"]: each for each in (*alert["trigger"], *alert["evidence"])}
    return sorted(known.values(), key=lambda each: each["occurred_at"])


def _options(values: set[str], put: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(value, put(value)) for value in sorted(values)]


async def changes(
    standing: Standing,
    operator: Operator,
    lasts: float,
    still: Callable[[], bool] = lambda: True,
    since: int | None = None,
) -> AsyncIterator[str]:
    """Give server-sent events, one for each time that something changed that the operator may see, `since` a version.

    They end once the operator is not `still` who they were, or the console ends: the browser then asks anew, and is
    refused or told as much as they may see now.
    """
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    # A version that is not there yet is of before this service was started.
    version = standing.version if since is None else min(since, standing.version)
    if version < standing.version:
        woken.set()
    ends_at, speak_at = loop.time() + lasts, loop.time() + KEEP_ALIVE
    unfollow = standing.follow(wake)
    try:
        yield f"retry: 2000\nid: {version}\n\n"
        while not standing.ended and (left := ends_at - loop.time()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), min(STILL_EVERY, left))
            if standing.ended or not still():
                return
            if not woken.is_set():
                if loop.time() >= speak_at:
                    yield ": still here\n\n"
                    speak_at = loop.time() + KEEP_ALIVE
                continue
            woken.clear()
            before, version = version, standing.version
            changed = standing.changed_since(before, operator)
            if changed is None or changed:
                yield f"event: changed\nid: {version}\ndata: {len(changed or ())}\n\n"
                # Many changes at once are one: the page asks again for all of them.
                await asyncio.sleep(1)
    finally:
        unfollow()


def _operator(request: Request) -> Operator:
    operator: Operator | None = request.state.operator
    if operator is None:
        raise HTTPException(401)
    return operator


def _plain(form: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _pairs(query: str) -> dict[str, str]:
    return dict(parse_qsl(query.lstrip("?"), max_num_fields=20))


def _file(figure: figures.Figure) -> Response:
    headers = {"content-disposition": f'attachment; filename="{figure.name}.csv"'}
    return Response(figure.csv(), media_type="text/csv; charset=utf-8", headers=headers)


def _yes(held: bool) -> str:  # noqa: FBT001 - what it says is the argument
    return "yes" if held else "no"


WORDS: Final[dict[str, Callable[..., str]]] = {
    "spoken": wording.spoken,
    "day": wording.day,
    "duration": wording.duration,
    "words": wording.words,
    "came": wording.came,
    "opening": wording.opening,
    "assignee": wording.assignee,
    "agency": wording.agency,
    "reason": wording.reason,
    "severity": wording.severity,
    "sentence": wording.sentence,
    "about": wording.about,
    "standing": wording.status,
    "missing": wording.missing,
    "missing_label": wording.missing_label,
    "who": wording.who,
    "event_words": event_words,
}
"""What the templates may ask to be put into words."""
