"""The table of a run: for the terminal, and between two marks of docs/failure-semantics.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.faults.harness.run import Outcome

PAGE: Final = Path(__file__).parents[3] / "docs" / "failure-semantics.md"
BEGIN: Final = "<!-- figures: begin -->"
END: Final = "<!-- figures: end -->"

A_FULL_RUN: Final = 100
"""Faults. A run of fewer proves nothing of what is promised, and its figures go on no page."""
_FEWER: Final = "**Not a full run: {} faults, and not a hundred.** It shows that the parts work together, and no more."


def table(outcome: Outcome, command: str, machine: str) -> str:
    """Return the figures of a run as Markdown."""
    counts, inputs, told = outcome.counts, outcome.inputs, outcome.told
    missed, false, doubled, mistimed = outcome.second.counts.values()
    faults = sum(outcome.faults.values())
    chain = "holds" if outcome.audit.holds else "**does not hold**"
    lines = [
        f"`{command}`: {outcome.plan}. {machine}.",
        "",
        *([_FEWER.format(faults), ""] if faults < A_FULL_RUN else []),
        "| fault | survived |",
        "|---|---:|",
        *(f"| {kind} | {count} |" for kind, count in sorted(outcome.faults.items())),
        f"| **all** | **{faults}** |",
        "",
        "| | |",
        "|---|---:|",
        f"| events told, duplicates and poison included | {outcome.inputs.records:,} |",
        f"| applied | {inputs.applied:,} |",
        f"| rejected with a reason | {inputs.rejected:,} |",
        f"| still in the topic; applied twice | {len(inputs.waiting)}; {len(inputs.twice)} |",
        f"| confirmed to the sender and lost | {len(inputs.lost)} |",
        f"| alerts; things that operators did to them | {outcome.alerts:,}; {outcome.deeds:,} |",
        f"| entries of the audit, whose chain {chain} | {outcome.audit.count:,} |",
        f"| people told; in doubt, because the notifier was killed | {told.tellings:,}; {told.unknown:,} |",
        f"| told twice; never told | {len(told.twice)}; {len(told.never)} |",
        f"| **missed / false / doubled** | **{len(counts.missed)} / {len(counts.false)} / {len(counts.doubled)}** |",
        f"| mistimed; different in content | {len(counts.mistimed)}; {len(counts.different)} |",
        f"| second opinion, on {outcome.second.expected:,} alerts | {missed} / {false} / {doubled} |",
        f"| second opinion: mistimed | {mistimed} |",
        f"| longest time for which alerts that were due stood still | {outcome.stood_still:.1f} s |",
        "| caught up after the last fault | "
        + ("never" if outcome.caught_up_after is None else f"{outcome.caught_up_after:.1f} s")
        + " |",
    ]
    return "\n".join(lines)


def write(page: Path, figures: str) -> None:
    """Put the figures between the marks of a page, which is made if it is not there."""
    text = (
        page.read_text(encoding="utf-8")
        if page.exists()
        else f"# Failure semantics\n\n{BEGIN}\n{END}\n"
    )
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")
