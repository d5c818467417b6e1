"""Pages."""

from tests.console.conftest import Console, a_block, an_alert, an_operator, NOON


def test_all(console: Console) -> None:
    """Smoke."""
    console.hear(an_alert(), a_block(case_1=["accepted"], case_2=[], case_3=["accepted", "items-open"]))
    console.hear_action("AlertsSilenced", matcher="rule=x", until=NOON.replace(hour=20), why="testing")
    console.hear_source("SourceHeartbeat", NOON, event_id="h1", occurred_at=NOON, agency="police", complete_to=NOON)
    console.sign_in(an_operator("op-1", "public_protection_supervisor", "head_of_service", board=True))
    for path, q in [("/", {}), ("/search", {}), ("/search", {"text": "p-1"}), ("/alert", {"id": an_alert()["alert_id"]}), ("/blocks", {}), ("/block", {"id": "block-transfer/block-1"}), ("/block.csv", {"id": "block-transfer/block-1"}), ("/sources", {}), ("/silences", {}), ("/board", {}), ("/board/alerts-by-week.csv", {}), *((f"/alert/{a}", {"id": an_alert()["alert_id"]}) for a in ["acknowledge", "assign", "note", "close", "reopen", "silence"])]:
        r = console.get(path, **q)
        assert r.status_code == 200, (path, r.text)
    assert console.get("/nothing").status_code == 404
