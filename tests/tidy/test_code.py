"""The repository's own rules about code that no linter knows."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

from baton.agents.app import APP_NAME
from baton.contract.topics import TOPICS

if TYPE_CHECKING:
    from pathlib import Path

# Fixed for good: they are in transactional ids, in state partitions and in stored offsets.
PARTITIONS = {
    "alert-actions": 1,
    "alerts": 1,
    "alerts-childrens-social-care": 1,
    "alerts-gp": 1,
    "alerts-health-visiting": 1,
    "alerts-hospital": 1,
    "alerts-housing": 1,
    "alerts-midwifery": 1,
    "alerts-other": 1,
    "alerts-police": 1,
    "alerts-probation": 1,
    "alerts-public": 1,
    "alerts-school": 1,
    "alerts-voluntary": 1,
    "audit": 1,
    "case-activity": 1,
    "case-transfers": 1,
    "domestic-incidents": 1,
    "facts": 1,
    "maternity": 1,
    "referrals": 1,
    "rejected-events": 1,
    "source-heartbeats": 1,
    "state-alert-actions": 1,
    "state-case-activity": 1,
    "state-case-transfers": 1,
    "state-domestic-incidents": 1,
    "state-facts": 1,
    "state-maternity": 1,
    "state-referrals": 1,
    "state-source-heartbeats": 1,
    "tellings": 1,
}


def test_partition_counts_never_change() -> None:
    """Another count would move keys away from their rows: growth is new topics and a replay."""
    assert {name: topic.partitions for name, topic in TOPICS.items()} == PARTITIONS


def test_the_app_id_never_changes() -> None:
    """It names the consumer group and the transactional ids: another would start from nothing."""
    assert APP_NAME == "baton"


def test_no_error_is_swallowed(texts: dict[Path, str], project: Path) -> None:
    """Bad input is `InvalidEvent`, by name; anything else is our fault and stops the process."""
    for path, text in texts.items():
        if path.suffix != ".py" or not path.is_relative_to(project / "streams"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node):
                assert _stops(node), (
                    f"{path}:{node.lineno} catches everything and goes on: name the error that is"
                    " theirs, and let the rest stop the process"
                )


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"} for each in named
    )


def _stops(handler: ast.ExceptHandler) -> bool:
    """Say whether the handler raises, or ends the process by `die`."""
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"die", "_die"}:
                return True
    return False


def test_an_exception_to_a_check_carries_its_reason(texts: dict[Path, str]) -> None:
    """`noqa` and `type: ignore` name the rule and are followed by why, in words."""
    exception = re.compile(r"#\s*(noqa|type:\s*ignore)\b")
    rule = re.compile(r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w,\s-]+\])")
    wrong = []
    for path, text in texts.items():
        if path.suffix != ".py":
            continue
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type != tokenize.COMMENT or not exception.search(token.string):
                continue
            why = exception.split(rule.sub("", token.string))[0]
            if not rule.search(token.string):
                wrong.append(f"{path}:{token.start[0]} silences everything: name the rule")
            elif not re.search(r"[a-z]{3}", why):
                wrong.append(f"{path}:{token.start[0]} says no reason: add it behind")
    assert wrong == []
