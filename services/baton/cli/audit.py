"""`baton audit`: prove that nothing was changed, and tell an inquiry what was known when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baton.cli.audit_alerts import audit_alerts
from baton.cli.exits import DIFFERS
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table

    from baton.audit import Inquiry
    from baton.runtime.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Prove that the record of who did and saw what is whole, export it for an inquiry, and look over the alerts.",
)
app.command("alerts")(audit_alerts)


@app.command("verify")
def verify_chain(
    *,
    head: Annotated[
        str | None,
        typer.Option(help="The head noted at an earlier look: it must still be in the chain."),
    ] = None,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Look at every entry of the audit: a change, a gap, a missing beginning or another order is found and named.

    Note the head it prints somewhere else, and give it the next time with --head: only so is it seen when the end of
    the chain was cut off. Exit code 1 where the chain does not hold.
    """
    from baton.audit import retention_may_have_taken, verify
    from baton.wording import local

    settings = kafka_settings_of(brokers, prefix)
    written: list[datetime] = []
    with reaching(settings):
        proof = verify(
            _entries(settings, written),
            head,
            taken=lambda: retention_may_have_taken(written[0], datetime.now(UTC)),
        )
    if json:
        print_json(
            {
                "holds": proof.holds,
                "entries": proof.count,
                "first": proof.first,
                "head": proof.head,
                "noted_head_found": proof.noted_head_found,
                "wrong": [{"sequence": each.sequence, "why": each.why} for each in proof.wrong],
            }
        )
    else:
        for each in proof.wrong:
            say(f"entry {each.sequence}: {each.why}")
        if proof.first > 1 and proof.holds:
            say(
                f"it begins with entry {proof.first}, written {local(written[0])}: those before it have left by their"
                " age, and nothing here shows that they were whole"
            )
        if proof.noted_head_found is False:
            say(
                "the head that was noted earlier is not in the chain: its end was cut off or made anew"
            )
        verdict = "the chain holds" if proof.holds else "the chain does not hold"
        say(
            f"{verdict}: {counted(proof.count, 'entry').replace('entrys', 'entries')}, head {proof.head}"
        )
    if not proof.holds:
        raise typer.Exit(DIFFERS)


@app.command()
def export(
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT", help="The alert's id, or a part of it.")
    ],
    *,
    by: Annotated[
        str, typer.Option(help="Your key: that you exported it is noted before it is shown.")
    ],
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Give an inquiry what is recorded of one alert: what baton knew when, what it said, who saw it, what they did.

    Of an agency's event only a pointer and its times are given (occurred, recorded, received); the rest is in the
    agency's own system.
    """
    from baton.audit import Trail, inquire
    from baton.cli.alerts import one, standing
    from baton.cli.seen import FROM_A_TERMINAL

    settings = kafka_settings_of(brokers, prefix)
    alert = one(standing(settings), alert_id)
    with reaching(settings):
        with Trail(settings) as trail:
            trail.note(by, "exported", FROM_A_TERMINAL, alert=alert["alert_id"])
        found = inquire(alert, _heard(settings), _entries(settings))
    if json:
        from baton.contract import codec

        print_json(
            {
                "alert": codec.to_json("Alert", dict(found.alert)),
                "evidence": [_plain(each) for each in found.evidence],
                "entries": [_plain(each) for each in found.entries],
                "not_done": [
                    {"sequence": each["sequence"], "refused": refused}
                    for each in found.entries
                    if (refused := found.refused(each)) is not None
                ],
                "silences": [
                    codec.to_json("AlertsSilenced", each.stated)
                    | _plain({"ended_by": each.ended_by, "ended_at": each.ended_at})
                    for each in found.silences
                ],
                "tells_all_silences": found.tells_all_silences,
                "seen_by": list(found.seen_by),
            }
        )
        return
    from baton.cli.alerts import print_alert

    out = console()
    print_alert(found.alert, out)
    for table in _tables(found):
        out.print()
        out.print(table)


def _tables(found: Inquiry) -> Iterator[Table]:
    """Give what an inquiry is told beside the alert: what was known, what was silenced, and what was done."""
    from rich.table import Table

    from baton.wording import local

    known = Table(box=None, pad_edge=False, title="What baton knew when", title_justify="left")
    for name in ("occurred", "recorded", "received", "agency", "event", "event id"):
        known.add_column(name, overflow="fold")
    for each in found.evidence:
        times = (each["occurred_at"], each["recorded_at"], each["received_at"])
        shown = [local(at) if at else "" for at in times]
        known.add_row(*shown, each["agency"], each["event"], each["event_id"])
    yield known
    if found.silences or not found.tells_all_silences:
        silenced = Table(box=None, pad_edge=False, title_justify="left", caption_justify="left")
        if not found.tells_all_silences:
            since = f" before {local(found.heard_from)}" if found.heard_from else ""
            silenced.caption = (
                f"Baton has nothing any more that it heard{since}: silences from then are not here."
            )
        silenced.title = "The silences that meant it (policy may have ended each sooner: the steps say who was told)"
        for name in ("from", "at most until", "which", "why", "by", "ended by"):
            silenced.add_column(name, overflow="fold")
        for silence in found.silences:
            said, ended = silence.stated, ""
            if silence.ended_at is not None:
                ended = f"{silence.ended_by}, {local(silence.ended_at)}"
            cells = (local(silence.at), local(said["until"]), said["matcher"], said["why"])
            silenced.add_row(*cells, said["by"], ended or "nobody, it ends by itself")
        yield silenced
    done = Table(
        box=None, pad_edge=False, title="What was said, seen and done", title_justify="left"
    )
    for name in ("no.", "when", "what", "how", "by", "from"):
        done.add_column(name, overflow="fold")
    for each in found.entries:
        cells = (str(each["sequence"]), local(each["at"]), each["what"], _how(found, each))
        done.add_row(*cells, each["by"] or "baton", each["where"] or "")
    yield done


def _how(found: Inquiry, entry: Mapping[str, Any]) -> str:
    """Say how something was done, and where it was not: a close that was refused closed nothing."""
    from baton.audit import NOT_ON_IT
    from baton.wording.lived import refusal

    # Where there was nobody to tell there was nothing to tell by.
    detail = (entry["detail"] or "").removesuffix(" by none")
    how = " ".join(filter(None, (detail, entry["why"])))
    refused = found.refused(entry)
    if refused is None:
        return how
    why = NOT_ON_IT if refused == NOT_ON_IT else f"Refused: {refusal(refused)}"
    return f"{how}. {why}" if how else why


def _entries(settings: Settings, written: list[datetime] | None = None) -> Iterator[dict[str, Any]]:
    """Read every entry; when the first was written, by the broker's time, goes on `written`."""
    from baton.contract import codec
    from baton.contract.topics import AUDIT, prefixed
    from baton.reading import Reader, message_time

    with Reader(settings.brokers, prefixed(settings.topic_prefix, AUDIT.name)) as reader:
        for batch in reader.to_end():
            for message in batch:
                if message.value is None:
                    continue
                if written is not None and not written:
                    written.append(message_time(message))
                yield codec.decode(message.value)[1]


def _heard(
    settings: Settings,
) -> Iterator[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    from baton.contract import codec
    from baton.contract.topics import FACTS, prefixed
    from baton.reading import Reader

    with Reader(settings.brokers, prefixed(settings.topic_prefix, FACTS.name)) as reader:
        for batch in reader.to_end():
            for message in batch:
                name, fact = codec.decode(message.value) if message.value else ("", {})
                if name == "FactHeard":
                    yield fact, *codec.decode(fact["event"])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if hasattr(value, "isoformat")
        else value
        for name, value in row.items()
    }
