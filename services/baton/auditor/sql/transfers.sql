-- C1 to C7: transfers, handovers, blocks, workers and visits.

CREATE TABLE requests AS
SELECT transfer, case_id, authority, occurred, heard, place, from_team, to_team, block, open_items
FROM facts WHERE record = 'TransferRequested'
-- An offer made again is a new clock.
QUALIFY row_number() OVER (PARTITION BY transfer ORDER BY occurred DESC, place DESC) = 1;

-- Which cases move together is a matter of when each was offered first.
CREATE TABLE first_requests AS
SELECT transfer, case_id, authority, occurred, heard, place, from_team, to_team, block
FROM facts WHERE record = 'TransferRequested'
QUALIFY row_number() OVER (PARTITION BY transfer ORDER BY occurred, place) = 1;

CREATE TABLE transfer_facts AS
SELECT transfer, case_id, record, occurred, heard, place, by_team, authority, items, open_items
FROM facts
WHERE record IN ('TransferAccepted', 'TransferRejected', 'TransferWithdrawn', 'HandoverRecorded', 'FileRead');

CREATE TABLE transfer_moments AS
SELECT transfer, heard FROM requests
UNION
SELECT transfer, heard FROM transfer_facts
UNION
SELECT r.transfer, f.heard
FROM (SELECT transfer, case_id FROM requests UNION SELECT transfer, case_id FROM transfer_facts) r
JOIN facts f USING (case_id)
WHERE f.record IN (
    'OpenItemClosed', 'VisitCompleted', 'ContactMade', 'CaseClosed', 'CaseReopened', 'CaseOpened', 'PlanStarted',
    'PlanChanged'
);

CREATE TABLE transfer_ends AS
SELECT m.transfer, m.heard,
    min(f.occurred) FILTER (f.record = 'TransferAccepted') AS accepted,
    min(f.occurred) FILTER (f.record IN ('TransferAccepted', 'TransferRejected')) AS decided,
    min(f.occurred) FILTER (f.record = 'TransferWithdrawn') AS withdrawn
FROM transfer_moments m
JOIN transfer_facts f ON f.transfer = m.transfer AND f.heard <= m.heard
GROUP BY ALL;

-- C1: accepted, rejected or taken back; what is taken back after it was due is no longer asked. An offer made again
-- under the same name counts from its last time.
INSERT INTO states
WITH judged AS (
    SELECT r.transfer, r.case_id, r.authority, m.heard, e.decided, e.withdrawn,
        due_after(r.occurred, 'transfer-not-accepted.within') AS due,
        CASE WHEN least(e.decided, e.withdrawn) >= r.occurred THEN least(e.decided, e.withdrawn) END AS answered
    FROM transfer_moments m
    JOIN requests r ON r.transfer = m.transfer AND r.heard <= m.heard
    LEFT JOIN transfer_ends e ON e.transfer = m.transfer AND e.heard = m.heard
)
SELECT
    'transfer-not-accepted/' || transfer || '/' || case_id, 'transfer-not-accepted', 'case', case_id, authority, heard,
    NOT coalesce(answered > due AND withdrawn < coalesce(decided, TIMESTAMP '9999-01-01'), false), 'transfer-withdrawn',
    due, answered, 'overdue'
FROM judged;

-- An acceptance may be heard before its offer; it names the case itself.
CREATE TABLE acceptances AS
SELECT m.transfer, m.heard, f.case_id, f.authority, e.accepted, e.withdrawn
FROM transfer_moments m
JOIN transfer_ends e ON e.transfer = m.transfer AND e.heard = m.heard
JOIN (
    SELECT transfer, any_value(case_id) AS case_id, any_value(authority) AS authority
    FROM transfer_facts WHERE record = 'TransferAccepted' GROUP BY transfer
) f ON f.transfer = m.transfer
WHERE e.accepted IS NOT NULL;

-- C2: every item of the policy's list, over all handover notes together.
INSERT INTO states
SELECT
    'handover-incomplete/' || a.transfer || '/' || a.case_id, 'handover-incomplete', 'case', a.case_id, a.authority,
    a.heard, a.withdrawn IS NULL, 'transfer-withdrawn', a.accepted,
    (
        SELECT CASE WHEN count(noted) = count(*) THEN max(noted) END FROM (
            SELECT s.value, min(h.occurred) AS noted
            FROM settings s
            LEFT JOIN transfer_facts h
                ON h.record = 'HandoverRecorded' AND h.transfer = a.transfer AND h.heard <= a.heard
                AND list_contains(h.items, s.value)
            WHERE s.name = 'handover_items'
            GROUP BY s.value
        )
    ),
    'overdue'
FROM acceptances a;

-- C3: each open item of the offer carried in a handover note, or closed since the offer.
CREATE TABLE items_kept AS
SELECT r.transfer, r.item, h.occurred, h.heard
FROM (SELECT transfer, unnest(open_items) AS item FROM requests) r
JOIN transfer_facts h ON h.record = 'HandoverRecorded' AND h.transfer = r.transfer AND list_contains(h.open_items, r.item)
UNION ALL
SELECT r.transfer, r.item, f.occurred, f.heard
FROM (SELECT transfer, case_id, occurred, unnest(open_items) AS item FROM requests) r
JOIN facts f ON f.record = 'OpenItemClosed' AND f.case_id = r.case_id AND f.item = r.item AND f.occurred >= r.occurred;

INSERT INTO states
SELECT
    'handover-details-lost/' || a.transfer || '/' || a.case_id, 'handover-details-lost', 'case', a.case_id,
    a.authority, a.heard, a.withdrawn IS NULL, 'transfer-withdrawn',
    due_after(a.accepted, 'handover-details-lost.within'),
    (
        SELECT CASE WHEN count(kept) = count(*) THEN max(kept) END FROM (
            SELECT o.item, min(k.occurred) AS kept
            FROM (SELECT transfer, unnest(open_items) AS item FROM requests) o
            LEFT JOIN items_kept k ON k.transfer = o.transfer AND k.item = o.item AND k.heard <= a.heard
            WHERE o.transfer = a.transfer
            GROUP BY o.item
        )
    ),
    'overdue'
FROM acceptances a
JOIN requests r ON r.transfer = a.transfer AND r.heard <= a.heard
WHERE len(r.open_items) > 0;

-- C7: a visit or a contact after the acceptance; longer under a plan. A case closed by then needs none.
CREATE TABLE plans AS
SELECT case_id, occurred, heard, place, plan FROM facts
WHERE record IN ('CaseOpened', 'PlanStarted', 'PlanChanged') AND plan IS NOT NULL;

INSERT INTO states
WITH dated AS (
    SELECT a.*, CASE WHEN (
        SELECT arg_max(p.plan, (p.occurred, p.place)) FROM plans p
        WHERE p.case_id = a.case_id AND p.heard <= a.heard AND p.occurred <= a.accepted
    ) IN (SELECT value FROM settings WHERE name = 'longer_visit_plans')
    THEN due_after(a.accepted, 'no-visit-after-transfer.plans_within')
    ELSE due_after(a.accepted, 'no-visit-after-transfer.within') END AS due
    FROM acceptances a
)
SELECT
    'no-visit-after-transfer/' || d.transfer || '/' || d.case_id, 'no-visit-after-transfer', 'case', d.case_id,
    d.authority, d.heard,
    d.withdrawn IS NULL AND NOT EXISTS (
        SELECT 1 FROM facts c WHERE c.record = 'CaseClosed' AND c.case_id = d.case_id AND c.heard <= d.heard
        AND c.occurred BETWEEN d.accepted AND d.due
    ),
    CASE WHEN d.withdrawn IS NOT NULL THEN 'transfer-withdrawn' END, d.due,
    (
        SELECT min(v.occurred) FROM facts v
        WHERE v.case_id = d.case_id AND v.record IN ('VisitCompleted', 'ContactMade') AND v.heard <= d.heard
        AND v.occurred >= d.accepted
    ),
    'overdue'
FROM dated d;

-- C4 and C5. A block is what bears one name, or what moves between two teams; either is looked at whenever anything
-- of it is heard.
CREATE TABLE scopes AS
SELECT transfer, 'name/' || block AS scope FROM requests WHERE block IS NOT NULL
UNION ALL
SELECT transfer, 'pair/' || from_team || '/' || to_team FROM requests WHERE from_team IS NOT NULL AND to_team IS NOT NULL;

CREATE TABLE scope_moments AS
SELECT DISTINCT s.scope, m.heard
FROM scopes s JOIN (
    SELECT transfer, heard FROM requests
    UNION SELECT transfer, heard FROM transfer_facts WHERE record IN ('TransferAccepted', 'TransferWithdrawn', 'FileRead')
) m USING (transfer);

CREATE TABLE offered AS
SELECT s.scope, m.heard AS moment, r.*
FROM scopes s
JOIN scope_moments m USING (scope)
JOIN first_requests r ON r.transfer = s.transfer AND r.heard <= m.heard
WHERE NOT EXISTS (
    SELECT 1 FROM transfer_facts w
    WHERE w.record = 'TransferWithdrawn' AND w.transfer = r.transfer AND w.heard <= m.heard
);

-- A named block is about the team that receives most of it.
CREATE TABLE named AS
SELECT scope, moment, block, min(to_team) AS to_team, any_value(authority) AS authority, any_value(due) AS due
FROM (
    SELECT *, max(received) OVER (PARTITION BY scope, moment) AS most FROM (
        SELECT *, count(DISTINCT case_id) OVER (PARTITION BY scope, moment, to_team) AS received FROM offered
        WHERE scope LIKE 'name/%'
    )
)
JOIN (
    SELECT scope, moment,
        list_sort(list(first_at))[(SELECT value::INTEGER FROM settings WHERE name = 'block_cases')] AS due
    FROM (
        SELECT scope, moment, case_id, min(occurred) AS first_at FROM offered WHERE scope LIKE 'name/%' GROUP BY ALL
    )
    GROUP BY ALL HAVING count(*) >= (SELECT value::INTEGER FROM settings WHERE name = 'block_cases')
) USING (scope, moment)
WHERE received = most
GROUP BY scope, moment, block;

-- What is in a named block is in no other.
CREATE TABLE unnamed_offers AS
SELECT o.* FROM offered o
WHERE o.scope LIKE 'pair/%' AND (o.block IS NULL OR (
    SELECT count(DISTINCT n.case_id) FROM requests n
    WHERE n.block = o.block AND n.heard <= o.moment AND NOT EXISTS (
        SELECT 1 FROM transfer_facts w
        WHERE w.record = 'TransferWithdrawn' AND w.transfer = n.transfer AND w.heard <= o.moment
    )
) < (SELECT value::INTEGER FROM settings WHERE name = 'block_cases'));

CREATE TABLE unnamed_windows AS
SELECT scope, moment, start_at, max(last_at) AS end_at, list_sort(list(first_at))[(SELECT value::INTEGER FROM settings WHERE name = 'block_cases')] AS due
FROM (
    SELECT i.scope, i.moment, i.occurred AS start_at, j.case_id, min(j.occurred) AS first_at, max(j.occurred) AS last_at
    FROM (
        SELECT DISTINCT scope, moment, occurred, due_after(occurred, 'block-transfer.within') AS until
        FROM unnamed_offers
    ) i
    JOIN unnamed_offers j
        ON j.scope = i.scope AND j.moment = i.moment AND j.occurred BETWEEN i.occurred AND i.until
    GROUP BY ALL
)
GROUP BY scope, moment, start_at HAVING count(*) >= (SELECT value::INTEGER FROM settings WHERE name = 'block_cases');

-- Windows that share a case are one block.
CREATE TABLE unnamed AS
SELECT scope, moment, island, min(start_at) AS start_at, max(end_at) AS end_at, min(due) AS due
FROM (
    SELECT *, sum(CASE WHEN start_at > before OR before IS NULL THEN 1 ELSE 0 END)
        OVER (PARTITION BY scope, moment ORDER BY start_at) AS island
    FROM (
        SELECT *, max(end_at) OVER (
            PARTITION BY scope, moment ORDER BY start_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
        FROM unnamed_windows
    )
)
GROUP BY scope, moment, island;

CREATE TABLE blocks AS
SELECT n.scope, n.moment, n.to_team, o.authority, n.due, o.transfer, o.case_id, o.occurred,
    'block-transfer/' || n.block || '/' || n.to_team AS alert_id
FROM named n JOIN offered o ON o.scope = n.scope AND o.moment = n.moment
UNION ALL
SELECT u.scope, u.moment, o.to_team, o.authority, u.due, o.transfer, o.case_id, o.occurred,
    'block-transfer/' || o.from_team || '/'
    || first_value(o.transfer) OVER (PARTITION BY u.scope, u.moment, u.island ORDER BY o.occurred, o.transfer)
    || '/' || o.to_team
FROM unnamed u
JOIN unnamed_offers o
    ON o.scope = u.scope AND o.moment = u.moment AND o.occurred BETWEEN u.start_at AND u.end_at;

INSERT INTO states
WITH ever AS (
    SELECT DISTINCT scope, alert_id, to_team, authority FROM blocks
)
SELECT e.alert_id, 'block-transfer', 'team', e.to_team, e.authority, m.heard, min(b.due) IS NOT NULL, NULL, min(b.due),
    NULL, 'found'
FROM ever e
JOIN scope_moments m USING (scope)
LEFT JOIN blocks b ON b.scope = e.scope AND b.moment = m.heard AND b.alert_id = e.alert_id
GROUP BY e.alert_id, e.to_team, e.authority, m.heard;

-- C5: accepted within a minute of another case of the block, by the same team.
CREATE TABLE taken AS
SELECT b.scope, b.moment, b.alert_id AS block_id, b.transfer, b.case_id, b.authority, b.occurred AS offered_at,
    min(a.occurred) AS accepted, arg_min(coalesce(a.by_team, r.to_team), a.occurred) AS team
FROM blocks b
JOIN requests r ON r.transfer = b.transfer
JOIN transfer_facts a ON a.record = 'TransferAccepted' AND a.transfer = b.transfer AND a.heard <= b.moment
GROUP BY ALL;

CREATE TABLE taken_together AS
SELECT DISTINCT t.scope, t.moment, t.transfer, t.case_id, t.authority, t.offered_at, t.accepted
FROM taken t JOIN taken u
    ON u.scope = t.scope AND u.moment = t.moment AND u.block_id = t.block_id AND u.case_id != t.case_id
    AND u.team = t.team
    AND u.accepted BETWEEN t.accepted - INTERVAL 1 MINUTE AND t.accepted + INTERVAL 1 MINUTE;

INSERT INTO states
WITH ever AS (SELECT DISTINCT scope, transfer, case_id, authority FROM taken_together)
SELECT
    'bulk-accepted-unread/' || e.transfer || '/' || e.case_id, 'bulk-accepted-unread', 'case', e.case_id, e.authority,
    m.heard, t.accepted IS NOT NULL, NULL, due_after(t.accepted, 'bulk-accepted-unread.within'),
    (
        SELECT min(f.occurred) FROM transfer_facts f
        WHERE f.record = 'FileRead' AND f.transfer = e.transfer AND f.heard <= m.heard AND f.occurred >= t.offered_at
    ),
    'overdue'
FROM ever e
JOIN scope_moments m USING (scope)
LEFT JOIN taken_together t ON t.scope = e.scope AND t.moment = m.heard AND t.transfer = e.transfer;

-- C6: from the end of a worker, or the reopening of a case, on while nobody holds it.
CREATE TABLE case_facts AS
SELECT case_id, record, occurred, heard, place, worker, authority, unborn FROM facts
WHERE record IN ('CaseOpened', 'WorkerAllocated', 'WorkerEnded', 'CaseClosed', 'CaseReopened');

-- Whom it was opened or offered for; where nobody was named, whom the referral names that it was opened for.
CREATE TABLE case_persons AS
SELECT DISTINCT f.case_id, p.key, f.heard, false AS referred FROM facts f JOIN persons p USING (event_id)
WHERE f.record IN ('CaseOpened', 'TransferRequested')
UNION
SELECT DISTINCT f.case_id, p.key, greatest(f.heard, r.heard), true
FROM facts f
JOIN facts r ON r.referral = f.referral AND r.record = 'ReferralReceived'
JOIN persons p ON p.event_id = r.event_id
WHERE f.record = 'CaseOpened' AND f.event_id NOT IN (SELECT event_id FROM persons);

CREATE TABLE case_moments AS
SELECT case_id, heard FROM case_facts
UNION SELECT case_id, heard FROM plans
UNION SELECT case_id, heard FROM case_persons
UNION SELECT c.case_id, m.heard FROM case_persons c JOIN maternity m USING (key);

CREATE TABLE gaps AS
SELECT DISTINCT e.case_id, e.authority, e.occurred, e.heard AS first_heard
FROM case_facts e WHERE e.record IN ('WorkerEnded', 'CaseReopened');

CREATE TABLE gap_states AS
SELECT g.case_id, any_value(g.authority) AS authority, g.occurred, m.heard
FROM gaps g JOIN case_moments m ON m.case_id = g.case_id AND g.first_heard <= m.heard
GROUP BY ALL;

INSERT INTO states
WITH judged AS (
    SELECT g.*,
        EXISTS (
            SELECT 1 FROM case_facts w
            WHERE w.case_id = g.case_id AND w.record = 'WorkerEnded' AND w.heard <= g.heard AND w.occurred <= g.occurred
        ) AS worker_ended,
        -- Somebody else holds it: allocated by then, and not ended by then since.
        EXISTS (
            SELECT 1 FROM case_facts w
            WHERE w.case_id = g.case_id AND w.record = 'WorkerAllocated' AND w.heard <= g.heard AND w.occurred <= g.occurred
            AND NOT EXISTS (
                SELECT 1 FROM case_facts x
                WHERE x.case_id = g.case_id AND x.record = 'WorkerEnded' AND x.worker = w.worker
                AND x.heard <= g.heard AND x.occurred BETWEEN w.occurred AND g.occurred
            )
        ) AS held,
        coalesce((
            SELECT arg_max(c.record, (c.occurred, c.place)) = 'CaseClosed' FROM case_facts c
            WHERE c.case_id = g.case_id AND c.record IN ('CaseOpened', 'CaseClosed', 'CaseReopened')
            AND c.heard <= g.heard AND c.occurred <= g.occurred
        ), false) AS closed,
        coalesce((
            SELECT arg_max(p.plan, (p.occurred, p.place)) FROM plans p
            WHERE p.case_id = g.case_id AND p.heard <= g.heard AND p.occurred <= g.occurred
        ), 'none') IN (SELECT value FROM settings WHERE name = 'urgent_plans')
        OR (
            coalesce((
                SELECT arg_max(o.unborn, (o.occurred, o.place)) FROM case_facts o
                WHERE o.case_id = g.case_id AND o.record = 'CaseOpened' AND o.unborn IS NOT NULL
                AND o.heard <= g.heard AND o.occurred <= g.occurred
            ), false)
            AND EXISTS (
                SELECT 1 FROM case_persons c JOIN pregnancies p USING (key)
                WHERE c.case_id = g.case_id AND c.heard <= g.heard AND g.heard >= p.known_from AND g.heard < p.known_until
                AND NOT (c.referred AND EXISTS (
                    SELECT 1 FROM case_persons d WHERE d.case_id = g.case_id AND NOT d.referred AND d.heard <= g.heard
                ))
                AND local_time(g.occurred)::DATE BETWEEN
                    p.due_date - 7 * (40 - (SELECT value::INTEGER FROM settings WHERE name = 'urgent_weeks'))
                    AND p.due_date + 21
                AND coalesce(p.over >= g.occurred, true)
            )
        ) AS urgent,
        (
            SELECT min(a.occurred) FROM case_facts a
            WHERE a.case_id = g.case_id AND a.record IN ('WorkerAllocated', 'CaseClosed') AND a.heard <= g.heard
            AND a.occurred >= g.occurred
        ) AS answered
    FROM gap_states g
)
SELECT
    'case-without-worker/' || named_moment(occurred) || '/' || case_id,
    'case-without-worker', 'case', case_id, authority, heard, worker_ended AND NOT held AND NOT closed, NULL,
    CASE WHEN urgent THEN utc_time(
        local_time(occurred)::DATE + to_days((SELECT value::INTEGER FROM settings WHERE name = 'urgent_days'))
    )
    ELSE due_after(occurred, 'case-without-worker.within') END,
    answered, 'overdue'
FROM judged;
