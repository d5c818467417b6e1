"""Every page for operators, by the name of its picture, as the staged story has it."""

from __future__ import annotations

from typing import Final

CRITICAL: Final = "unreferred-incident/inc-7/p-7"
CLOSED: Final = "unreferred-incident/p-19"
BLOCK: Final = "block-transfer/block-2026-03"

PAGES: Final = {
    "alerts": "/",
    "alerts-filtered": "/?severity=2&rule=transfer-not-accepted",
    "search": "/search?text=case-12",
    "alert": f"/alert?id={CRITICAL}",
    "acknowledge": f"/alert/acknowledge?id={CRITICAL}",
    "assign": f"/alert/assign?id={CRITICAL}",
    "note": f"/alert/note?id={CRITICAL}",
    "close": f"/alert/close?id={CRITICAL}",
    "reopen": f"/alert/reopen?id={CLOSED}",
    "silence": f"/alert/silence?id={CRITICAL}",
    "blocks": "/blocks",
    "block": f"/block?id={BLOCK}",
    "sources": "/sources",
    "silences": "/silences",
    "figures": "/board",
    "not-found": "/nowhere",
}
