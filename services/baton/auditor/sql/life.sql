-- From the states of a question to its alert: when it was raised, whether it still stands, what it says at the end.

-- A feed is silent from its limit after the moment up to which it was complete, until it is heard of further.
CREATE TABLE beats AS
SELECT authority, agency, occurred, heard, complete_to, due_after(complete_to, 'source-silent.within') AS silent_from,
    complete_before IS NULL AS is_first,
    lead(heard) OVER (PARTITION BY authority, agency ORDER BY heard, complete_to) AS next_heard
FROM (
    SELECT *, max(complete_to) OVER (
        PARTITION BY authority, agency ORDER BY heard, complete_to, place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS complete_before
    FROM (
        SELECT authority, agency, occurred, heard, place, complete_to::TIMESTAMPTZ AT TIME ZONE 'UTC' AS complete_to
        FROM facts WHERE record = 'SourceHeartbeat'
    )
)
WHERE complete_before IS NULL OR complete_to > complete_before;

CREATE TABLE silences AS
SELECT authority, agency, complete_to, greatest(heard, silent_from) AS begun, coalesce(next_heard, TIMESTAMP '9999-01-01') AS ended
FROM beats WHERE next_heard IS NULL OR greatest(heard, silent_from) < next_heard;

-- What followed each state: what it says begins when it was heard, or when it fell due, or when a silent feed was heard.
CREATE TABLE spans AS
SELECT *, coalesce(lead(heard) OVER (PARTITION BY alert_id ORDER BY heard), (SELECT ended + INTERVAL 1 MICROSECOND FROM log_end)) AS next_heard
FROM states;

CREATE TABLE raising AS
SELECT s.*, greatest(s.heard, s.due) AS ripe
FROM spans s
WHERE s.asked AND NOT coalesce(s.answered <= s.due, false) AND greatest(s.heard, s.due) < s.next_heard;

CREATE TABLE tellable AS
WITH candidates AS (
    SELECT r.alert_id, r.heard, r.authority, r.due, r.next_heard, w.agency, r.ripe AS moment
    FROM raising r LEFT JOIN waits_for w USING (rule)
    UNION
    SELECT r.alert_id, r.heard, r.authority, r.due, r.next_heard, w.agency, s.ended
    FROM raising r JOIN waits_for w USING (rule)
    JOIN silences s ON s.authority = r.authority AND s.agency = w.agency AND s.ended > r.ripe AND s.begun <= r.next_heard
)
SELECT alert_id, heard, min(moment) AS moment
FROM candidates c
WHERE moment < next_heard AND NOT EXISTS (
    SELECT 1 FROM silences s
    WHERE s.authority = c.authority AND s.agency = c.agency
    AND c.moment >= s.begun AND c.moment < s.ended AND s.complete_to < c.due
)
GROUP BY alert_id, heard;

-- R: stands from here; E: does not, for this reason; L: a late answer that came while nothing could be told, and that
-- is said of an alert only if it stands. What cannot be told, and what is not due, leaves no trace, but what is asked
-- again and is not due any more is withdrawn.
CREATE TABLE pieces AS
SELECT alert_id, t.moment AS begun, 1 AS rank, 'R' AS piece, r.due, r.answered,
    CASE WHEN r.answered IS NULL THEN r.found_as ELSE 'answered-late' END AS reason
FROM raising r JOIN tellable t USING (alert_id, heard)
UNION ALL
SELECT alert_id, r.ripe, 0, 'L', r.due, r.answered, 'answered-late' FROM raising r WHERE r.answered IS NOT NULL
UNION ALL
SELECT alert_id, heard, 0, 'E', due,
    CASE WHEN asked AND answered <= due AND rule NOT IN ('incident-closed-incomplete', 'handover-incomplete') THEN answered END,
    CASE WHEN NOT asked THEN unasked_as WHEN answered <= due THEN 'answered-in-time-told-late' END
FROM spans
WHERE NOT asked OR coalesce(answered <= due, false) OR heard < due;

CREATE TABLE expected AS
WITH counted AS (
    -- How often it had stopped standing before.
    SELECT *, coalesce(sum(CASE WHEN piece = 'E' THEN 1 ELSE 0 END) OVER (
        PARTITION BY alert_id ORDER BY begun, rank ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0) AS ends
    FROM pieces
), last_stand AS (
    SELECT alert_id, max(ends) AS ends FROM counted WHERE piece = 'R' GROUP BY alert_id
), stand AS (
    SELECT alert_id, ends, any_value(raised_at) AS raised_at, max((begun, rank)) AS last_r,
        arg_max(due, (begun, rank)) AS due, arg_max_null(answered, (begun, rank)) AS answered,
        arg_max(reason, (begun, rank)) AS reason
    FROM (
        SELECT c.*, min(begun) FILTER (piece = 'R') OVER (PARTITION BY c.alert_id) AS raised_at
        FROM counted c JOIN last_stand l ON l.alert_id = c.alert_id AND l.ends = c.ends
        WHERE piece != 'E'
    )
    WHERE begun >= raised_at GROUP BY alert_id, ends
)
SELECT s.alert_id, q.rule, q.about_kind, q.about,
    CASE WHEN e.alert_id IS NOT NULL THEN 'withdrawn' WHEN s.answered IS NOT NULL THEN 'answered' ELSE 'raised' END AS status,
    CASE WHEN e.alert_id IS NOT NULL THEN e.reason ELSE s.reason END AS reason,
    s.due AS due_at, s.raised_at,
    CASE WHEN e.alert_id IS NOT NULL THEN e.answered ELSE s.answered END AS answered_at
FROM stand s
JOIN (SELECT DISTINCT alert_id, rule, about_kind, about FROM states) q USING (alert_id)
LEFT JOIN counted e ON e.alert_id = s.alert_id AND e.piece = 'E' AND e.ends = s.ends AND (e.begun, e.rank) > s.last_r
UNION ALL
-- One alert for each silence, and for nothing else that it explains. A heartbeat that is stale when it is heard, later
-- than its own limit, does not end one.
SELECT 'source-silent/' || named_moment(complete_to) || '/' || agency, 'source-silent', 'agency', agency,
    CASE WHEN fresh_heard IS NULL THEN 'raised' WHEN fresh_at <= silent_from THEN 'withdrawn' ELSE 'answered' END,
    CASE WHEN fresh_heard IS NULL THEN 'overdue' WHEN fresh_at <= silent_from THEN 'answered-in-time-told-late' ELSE 'answered-late' END,
    silent_from, greatest(heard, silent_from), fresh_at
FROM (
    SELECT *,
        lead(occurred) OVER (PARTITION BY authority, agency ORDER BY heard, complete_to) AS fresh_at,
        lead(heard) OVER (PARTITION BY authority, agency ORDER BY heard, complete_to) AS fresh_heard
    FROM beats WHERE heard < silent_from OR is_first
)
WHERE greatest(heard, silent_from) < coalesce(fresh_heard, (SELECT ended + INTERVAL 1 MICROSECOND FROM log_end))
-- Heard at the very moment it stands if the heartbeat was late.
OR (greatest(heard, silent_from) = fresh_heard AND fresh_at > silent_from)
ORDER BY raised_at, alert_id;
