-- A1 to A6 and A9: incidents, notifications, referrals and the pregnancies they are about.

CREATE TABLE parties AS
SELECT f.incident, f.event_id, f.authority, f.occurred, f.heard, f.place, f.record, p.number, key, p.role, p.pregnancy
FROM facts f JOIN persons p USING (event_id)
WHERE f.record IN ('IncidentRecorded', 'IncidentUpdated');

-- The same incident told in two events is one: the one heard first.
CREATE TABLE incidents AS
SELECT incident, authority, occurred, heard FROM facts
WHERE record = 'IncidentRecorded'
QUALIFY row_number() OVER (PARTITION BY incident ORDER BY heard, place) = 1;

CREATE TABLE answers AS
-- A referral for the same person, or one that names the incident.
SELECT i.incident, p.key, f.occurred, f.heard
FROM incidents i
JOIN (SELECT DISTINCT incident, key FROM parties) p USING (incident)
JOIN persons r USING (key)
JOIN facts f ON f.event_id = r.event_id AND f.record = 'ReferralReceived' AND f.occurred >= i.occurred
UNION
SELECT i.incident, p.key, f.occurred, f.heard
FROM incidents i
JOIN (SELECT DISTINCT incident, key FROM parties) p USING (incident)
JOIN facts f ON f.incident = i.incident AND f.occurred >= i.occurred
WHERE f.record = 'ReferralReceived'
OR (f.record = 'NotificationRecorded' AND f.agency = 'childrens_social_care');

-- A pregnancy as midwifery has it: each booking, the due date last revised, the births and ends that were told.
CREATE TABLE maternity AS
SELECT p.key, f.record, f.occurred, f.heard, f.place, f.due_date
FROM facts f JOIN persons p USING (event_id)
WHERE f.record IN ('PregnancyBooked', 'DueDateRevised', 'BirthRecorded', 'PregnancyEnded');

-- Whom an incident may be about, from when on that is known, and the moments at which anything of it, or of one of them,
-- was heard.
CREATE TABLE asked_of AS
SELECT i.incident, p.key, min(p.heard) AS known_from FROM incidents i JOIN parties p USING (incident) GROUP BY ALL;

CREATE TABLE moments AS
SELECT DISTINCT q.incident, q.key, m.heard
FROM asked_of q JOIN (
    SELECT q.incident, q.key, f.heard
    FROM asked_of q JOIN facts f ON f.incident = q.incident
    UNION
    SELECT q.incident, q.key, m.heard FROM asked_of q JOIN maternity m USING (key)
    UNION
    SELECT q.incident, q.key, a.heard FROM asked_of q JOIN answers a USING (incident, key)
    UNION
    SELECT q.incident, q.key, r.heard
    FROM asked_of q
    JOIN facts s ON s.record = 'NotificationSent' AND s.incident = q.incident
    JOIN facts r ON r.notification = s.notification
    UNION
    SELECT q.incident, q.key, r.heard
    FROM asked_of q
    JOIN facts s ON s.record IN ('ReferralReceived', 'NotificationRecorded') AND s.incident = q.incident
    JOIN facts r ON r.referral = s.referral OR r.notification = s.notification
) m USING (incident)
WHERE m.heard >= q.known_from;

-- Since when the incident's own records say that she is pregnant, as known at each moment. That she was not asked, or
-- that it is not known, unsays nothing; another answer does, until it is said again.
CREATE TABLE said AS
WITH stated AS (
    SELECT m.incident, m.key, m.heard, greatest(s.occurred, i.occurred) AS since,
        s.pregnancy IN (SELECT value FROM settings WHERE name = 'counts_as_pregnant') AS pregnant,
        (greatest(s.occurred, i.occurred), s.record = 'IncidentUpdated', s.occurred, s.event_id) AS turn
    FROM moments m
    JOIN incidents i ON i.incident = m.incident AND i.heard <= m.heard
    JOIN parties s ON s.incident = m.incident AND s.key = m.key AND s.heard <= m.heard
    WHERE s.pregnancy NOT IN ('unknown', 'not_asked')
)
SELECT incident, key, heard, min(since) AS first_said
FROM (
    SELECT *, max(turn) FILTER (NOT pregnant) OVER (PARTITION BY incident, key, heard) AS unsaid FROM stated
)
WHERE pregnant AND (unsaid IS NULL OR turn > unsaid)
GROUP BY ALL;

-- Each booking, as known from one moment on until the next: when that pregnancy was over, and its due date. A birth or
-- an end closes what was booked before it, and what was booked after it but was past week 22 by then; until then a
-- revision, or another booking, gives a new due date, unless it comes when the child must long have been born.
CREATE TABLE pregnancies AS
WITH known AS (
    SELECT key, heard AS known_from,
        coalesce(lead(heard) OVER (PARTITION BY key ORDER BY heard), TIMESTAMP '9999-01-01') AS known_until
    FROM (SELECT DISTINCT key, heard FROM maternity)
), booked AS (
    SELECT k.*, b.place, b.occurred AS booked, b.due_date AS first_due, (
        SELECT min(e.occurred) FROM maternity e
        WHERE e.key = k.key AND e.record IN ('BirthRecorded', 'PregnancyEnded') AND e.heard <= k.known_from
        AND (e.occurred >= b.occurred OR local_time(e.occurred)::DATE >= b.due_date - 126)
    ) AS over
    FROM known k JOIN maternity b ON b.key = k.key AND b.record = 'PregnancyBooked' AND b.heard <= k.known_from
)
SELECT b.key, known_from, known_until, b.place, booked, over, list_reduce(
    list_prepend(
        {'day': DATE '1900-01-01', 'due': first_due},
        coalesce(
            list({'day': local_time(d.occurred)::DATE, 'due': d.due_date} ORDER BY d.occurred, d.record DESC, d.place)
            FILTER (d.place IS NOT NULL),
            []
        )
    ),
    lambda a, d: CASE WHEN d.day <= a.due + 21 THEN d ELSE a END
).due AS due_date
FROM booked b
LEFT JOIN maternity d
    ON d.key = b.key AND d.record IN ('PregnancyBooked', 'DueDateRevised') AND d.heard <= b.known_from
    AND d.occurred >= b.booked AND (b.over IS NULL OR d.occurred < b.over)
GROUP BY b.key, known_from, known_until, b.place, booked, over, first_due;

-- Which of them covers an incident, as known at each of its moments.
CREATE TABLE bookings AS
SELECT m.incident, m.key, m.heard, p.booked, i.occurred AS incident_at
FROM moments m
JOIN incidents i USING (incident)
JOIN pregnancies p ON p.key = m.key AND m.heard >= p.known_from AND m.heard < p.known_until
WHERE local_time(i.occurred)::DATE BETWEEN p.due_date - 280 AND p.due_date + 21 AND coalesce(p.over >= i.occurred, true);

-- A pregnancy that only the police wrote down, and that was told to have ended.
-- An end takes the question with it unless something had answered before, however late.
CREATE TABLE ended AS
SELECT DISTINCT m.incident, m.key, m.heard
FROM moments m
JOIN incidents i USING (incident)
JOIN maternity e ON e.key = m.key AND e.record = 'PregnancyEnded' AND e.heard <= m.heard
WHERE e.occurred BETWEEN i.occurred AND i.occurred + INTERVAL 301 DAY
AND NOT EXISTS (
    SELECT 1 FROM answers a
    WHERE a.incident = m.incident AND a.key = m.key AND a.heard <= m.heard AND a.occurred <= e.occurred
)
AND NOT EXISTS (
    SELECT 1 FROM maternity b
    WHERE b.key = m.key AND b.record = 'BirthRecorded' AND b.heard <= m.heard AND b.occurred BETWEEN i.occurred AND e.occurred
);

CREATE TABLE pregnant AS
SELECT
    m.incident, m.key, m.heard, i.occurred, i.authority,
    CASE
        WHEN i.heard > m.heard OR e.heard IS NOT NULL THEN NULL
        ELSE s.first_said
    END AS said_from,
    CASE WHEN i.heard <= m.heard AND e.heard IS NULL THEN b.booked_before END AS booked_before,
    CASE WHEN i.heard <= m.heard AND e.heard IS NULL THEN b.booked_after END AS booked_after
FROM moments m
JOIN incidents i USING (incident)
LEFT JOIN said s ON s.incident = m.incident AND s.key = m.key AND s.heard = m.heard
LEFT JOIN ended e ON e.incident = m.incident AND e.key = m.key AND e.heard = m.heard
LEFT JOIN (
    SELECT incident, key, heard,
        min(booked) FILTER (booked <= incident_at) AS booked_before,
        min(booked) FILTER (booked > incident_at) AS booked_after
    FROM bookings GROUP BY ALL
) b ON b.incident = m.incident AND b.key = m.key AND b.heard = m.heard;

-- When the clock of A1 started, or that of A3: whichever was known in the world first.
CREATE TABLE clocks AS
SELECT *,
    CASE
        WHEN booked_before IS NOT NULL THEN occurred
        WHEN said_from <= booked_after OR booked_after IS NULL THEN said_from
    END AS known_from,
    CASE
        WHEN booked_before IS NULL AND booked_after IS NOT NULL AND NOT coalesce(said_from <= booked_after, false)
        THEN booked_after
    END AS learned_from
FROM pregnant;

CREATE TABLE first_answers AS
SELECT m.incident, m.key, m.heard, min(a.occurred) AS answered
FROM moments m
JOIN answers a ON a.incident = m.incident AND a.key = m.key AND a.heard <= m.heard
GROUP BY ALL;

INSERT INTO states
SELECT
    'unreferred-incident/' || incident || '/' || key, 'unreferred-incident', 'person', key, authority, heard,
    known_from IS NOT NULL, NULL, due_after(known_from, 'unreferred-incident.within'), answered, 'overdue'
FROM clocks LEFT JOIN first_answers USING (incident, key, heard);

INSERT INTO states
SELECT
    'pregnancy-learned-late/' || incident || '/' || key, 'pregnancy-learned-late', 'person', key, authority, heard,
    learned_from IS NOT NULL, NULL, due_after(learned_from, 'pregnancy-learned-late.within'), answered, 'overdue'
FROM clocks LEFT JOIN first_answers USING (incident, key, heard);

-- A2: the first close as needing nothing, while what was known by then made her pregnant, and the child was not born.
INSERT INTO states
SELECT
    'incident-closed-unreferred/' || c.incident || '/' || c.key, 'incident-closed-unreferred', 'person', c.key,
    c.authority, c.heard, min(f.occurred) IS NOT NULL, NULL, min(f.occurred), any_value(a.answered), 'overdue'
FROM clocks c
LEFT JOIN facts f
    ON f.record = 'IncidentClosed' AND f.incident = c.incident AND f.heard <= c.heard
    AND f.reason IN (SELECT value FROM settings WHERE name = 'closed_as_needing_nothing')
    AND f.occurred >= coalesce(c.known_from, c.learned_from)
    AND NOT EXISTS (
        SELECT 1 FROM maternity b
        WHERE b.key = c.key AND b.record = 'BirthRecorded' AND b.heard <= c.heard
        AND b.occurred BETWEEN c.occurred AND f.occurred
    )
LEFT JOIN first_answers a ON a.incident = c.incident AND a.key = c.key AND a.heard = c.heard
GROUP BY c.incident, c.key, c.authority, c.heard;

-- Whom a question about an incident is about: each pregnant person, else the victim. Pregnant by what the incident's own
-- records say, or by a booking that was there before it; what ends afterwards was so. Of somebody else only the
-- incident's own records are asked: a booking is known to those alone who are told of her.
CREATE TABLE subjects AS
SELECT incident, key, heard, authority, is_pregnant OR (is_victim AND NOT any_stated) AS is_subject
FROM (
    SELECT c.incident, c.key, c.heard, i.authority,
        s.first_said IS NOT NULL OR EXISTS (
            SELECT 1 FROM bookings b
            WHERE b.incident = c.incident AND b.key = c.key AND b.heard = c.heard AND b.booked <= b.incident_at
        ) AS is_pregnant,
        bool_or(s.first_said IS NOT NULL) OVER (PARTITION BY c.incident, c.heard) AS any_stated,
        EXISTS (
            SELECT 1 FROM parties v
            WHERE v.incident = c.incident AND v.key = c.key AND v.role = 'victim' AND v.heard <= c.heard
        ) OR (
            -- Where none is a victim, whom the record names first.
            SELECT count(*) FILTER (v.role = 'victim')
                = 0 AND arg_min(v.key, (v.record = 'IncidentUpdated', v.occurred, v.place, v.number)) = c.key
            FROM parties v WHERE v.incident = c.incident AND v.heard <= c.heard
        ) AS is_victim
    FROM moments c
    JOIN incidents i USING (incident)
    LEFT JOIN said s ON s.incident = c.incident AND s.key = c.key AND s.heard = c.heard
    WHERE i.heard <= c.heard
);

-- A4: a close is complete where it states both things, and nobody's pregnancy stands as not asked, and that of whom
-- it is about has an answer.
CREATE TABLE closes AS
SELECT m.incident, m.key, m.heard, f.occurred AS closed,
    coalesce(f.information_recorded AND f.safety_ensured, false) AS stated
FROM moments m
JOIN facts f ON f.record = 'IncidentClosed' AND f.incident = m.incident AND f.heard <= m.heard;

CREATE TABLE questions AS
-- From when on each party's pregnancy question was answered for good; null while it is not.
SELECT m.incident, m.key, m.heard, p.key AS party,
    CASE WHEN arg_max(p.pregnancy, (p.occurred, p.place)) != 'not_asked' THEN min(p.occurred) FILTER (
        p.pregnancy != 'not_asked' AND p.occurred >= coalesce(last_not_asked, p.occurred)
    ) END AS since
FROM moments m
JOIN (
    SELECT *, max(occurred) FILTER (pregnancy = 'not_asked') OVER (PARTITION BY incident, key) AS last_not_asked
    FROM parties WHERE pregnancy IS NOT NULL
) p ON p.incident = m.incident AND p.heard <= m.heard
GROUP BY ALL;

INSERT INTO states
WITH answered_since AS (
    -- From when on both questions of pregnancy have their answers; null while they have not.
    SELECT incident, key, heard,
        CASE WHEN bool_and(since IS NOT NULL) AND bool_or(party = key)
        THEN greatest(max(since), max(since) FILTER (party = key)) END AS since
    FROM questions GROUP BY ALL
), first_incomplete AS (
    SELECT c.incident, c.key, c.heard, q.since,
        min(closed) AS first_closed,
        min(closed) FILTER (NOT stated OR q.since IS NULL OR q.since > closed) AS incomplete,
        coalesce(max(closed) FILTER (NOT stated), TIMESTAMP '1900-01-01') AS last_unstated
    FROM closes c LEFT JOIN answered_since q USING (incident, key, heard)
    GROUP BY c.incident, c.key, c.heard, q.since
)
SELECT
    'incident-closed-incomplete/' || s.incident || '/' || s.key, 'incident-closed-incomplete', 'person', s.key,
    s.authority, s.heard, s.is_subject, NULL, coalesce(f.incomplete, f.first_closed),
    CASE WHEN f.incomplete IS NULL THEN f.first_closed ELSE (
        SELECT CASE WHEN f.since IS NOT NULL AND count(*) > 0 THEN greatest(min(c.closed), f.since) END
        FROM closes c
        WHERE c.incident = s.incident AND c.key = s.key AND c.heard = s.heard AND c.stated AND c.closed > f.last_unstated
    ) END,
    'found'
FROM subjects s JOIN first_incomplete f USING (incident, key, heard);

-- A5 and A6: a notification, and whom it is about: as its incident; while that is unknown, whom its record names first.
CREATE TABLE notes AS
SELECT notification, record, incident, authority, agency, told_agency, occurred, heard, place, event_id FROM facts
WHERE record IN ('NotificationSent', 'NotificationRecorded');

CREATE TABLE note_people AS
SELECT n.notification, p.key, n.heard FROM notes n JOIN persons p USING (event_id) WHERE p.number = 1;

CREATE TABLE decisions AS
SELECT notification, NULL AS incident, occurred, heard FROM facts
WHERE record = 'NotificationTriaged' AND outcome IS NOT NULL AND level IS NOT NULL AND rationale_given
UNION ALL
SELECT NULL, r.incident, d.occurred, greatest(d.heard, r.heard)
FROM facts d JOIN facts r ON r.record = 'ReferralReceived' AND r.referral = d.referral
WHERE d.record = 'ReferralDecided' AND d.outcome IS NOT NULL AND d.level IS NOT NULL AND d.rationale_given
AND r.incident IS NOT NULL;

CREATE TABLE note_incidents AS
SELECT notification, any_value(incident) AS incident FROM notes GROUP BY notification;

CREATE TABLE note_keys AS
SELECT notification, key FROM note_people
UNION
SELECT n.notification, q.key FROM note_incidents n JOIN asked_of q USING (incident);

CREATE TABLE note_moments AS
SELECT DISTINCT k.notification, k.key, m.heard
FROM note_keys k
JOIN (
    SELECT notification, heard FROM facts WHERE notification IS NOT NULL
    UNION SELECT n.notification, s.heard FROM note_incidents n JOIN subjects s USING (incident)
    UNION SELECT n.notification, d.heard FROM note_incidents n JOIN decisions d USING (incident)
) m USING (notification);

CREATE TABLE note_subjects AS
SELECT m.notification, n.incident, m.key, m.heard, s.is_subject AS of_incident,
    EXISTS (
        SELECT 1 FROM incidents i JOIN parties p USING (incident)
        WHERE i.incident = n.incident AND i.heard <= m.heard AND p.heard <= m.heard
    ) AS incident_known,
    EXISTS (
        SELECT 1 FROM note_people p WHERE p.notification = m.notification AND p.key = m.key AND p.heard <= m.heard
    ) AS is_named
FROM note_moments m
JOIN note_incidents n USING (notification)
ASOF LEFT JOIN subjects s ON s.incident = n.incident AND s.key = m.key AND s.heard <= m.heard;

-- A5: sent by one id, recorded by children's services under the same.
INSERT INTO states
SELECT
    'notification-not-recorded/' || s.notification || '/' || s.key, 'notification-not-recorded', 'person', s.key,
    any_value(n.authority), s.heard,
    any_value(CASE WHEN s.incident_known THEN coalesce(s.of_incident, false) ELSE s.is_named END), NULL,
    due_after(min(n.occurred), 'notification-not-recorded.within'),
    min(r.occurred) FILTER (r.occurred >= n.occurred), 'overdue'
FROM note_subjects s
JOIN notes n
    ON n.record = 'NotificationSent' AND n.notification = s.notification AND n.heard <= s.heard
    AND coalesce(n.told_agency, 'childrens_social_care') = 'childrens_social_care'
LEFT JOIN notes r
    ON r.record = 'NotificationRecorded' AND r.agency = 'childrens_social_care'
    AND r.notification = s.notification AND r.heard <= s.heard
GROUP BY s.notification, s.key, s.heard;

-- A grade changed at triage without a rationale: compared with the last one of its own scale, and never the first.
CREATE TABLE grades AS
SELECT *, CASE WHEN grade IN ('red', 'amber', 'green', 'blue') THEN 'colour' ELSE 'police' END AS scale FROM (
    SELECT notification, NULL AS incident, grade, occurred, heard, place, NOT coalesce(rationale_given, false) AS unexplained
    FROM facts WHERE record = 'NotificationTriaged'
    UNION ALL
    SELECT NULL, incident, grade, occurred, heard, place, false
    FROM facts WHERE record IN ('IncidentRecorded', 'IncidentUpdated')
)
WHERE grade IS NOT NULL AND grade != 'ungraded';

CREATE TABLE regraded AS
SELECT m.notification, m.heard, min(g.occurred) AS first_at, max(g.occurred) AS last_at
FROM (SELECT DISTINCT notification, incident, heard FROM note_subjects) m
JOIN grades g ON g.notification = m.notification AND g.unexplained AND g.heard <= m.heard
WHERE (
    SELECT arg_max(b.grade, (b.occurred, b.place)) FROM grades b
    WHERE (b.notification = m.notification OR b.incident = m.incident) AND b.scale = g.scale AND b.heard <= m.heard
    AND b.occurred <= g.occurred AND b.place != g.place
) != g.grade
GROUP BY ALL;

-- A6: recorded, and decided with an outcome, a level and a rationale, on itself or on a referral of its incident.
INSERT INTO states
WITH judged AS (
    SELECT s.notification, s.key, s.heard,
        any_value(n.authority) AS authority,
        any_value(CASE WHEN s.incident_known THEN coalesce(s.of_incident, false) ELSE s.is_named END) AS asked,
        due_after(min(n.occurred), 'notification-not-triaged.within') AS due,
        min(d.occurred) FILTER (d.occurred >= n.occurred) AS decided,
        any_value(r.first_at) AS regraded, min(d.occurred) FILTER (d.occurred > r.last_at) AS decided_since
    FROM note_subjects s
    JOIN notes n
        ON n.record = 'NotificationRecorded' AND n.agency = 'childrens_social_care'
        AND n.notification = s.notification AND n.heard <= s.heard
    LEFT JOIN decisions d
        ON (d.notification = n.notification OR d.incident = n.incident) AND d.heard <= s.heard
    LEFT JOIN regraded r ON r.notification = s.notification AND r.heard = s.heard
    GROUP BY s.notification, s.key, s.heard
)
SELECT
    'notification-not-triaged/' || notification || '/' || key, 'notification-not-triaged', 'person', key, authority,
    heard, asked, NULL,
    CASE WHEN decided <= due THEN coalesce(regraded, due) ELSE least(due, regraded) END,
    CASE WHEN regraded IS NULL THEN decided ELSE decided_since END, 'overdue'
FROM judged;

-- A9: about an unborn child, by anybody but midwifery: midwifery told, and its acknowledgement then or later.
CREATE TABLE unborn_records AS
SELECT referral, event_id, authority, agency, about_unborn, incident, occurred, heard
FROM facts f
WHERE record = 'ReferralReceived' AND EXISTS (
    SELECT 1 FROM facts u WHERE u.record = 'ReferralReceived' AND u.referral = f.referral AND u.about_unborn
);

CREATE TABLE unborn_named AS
SELECT r.referral, p.key, r.heard, (r.occurred, r.event_id, p.number) AS turn
FROM unborn_records r JOIN persons p USING (event_id);

-- What names another referral is not about this one; what names none is about whom it names.
CREATE TABLE midwifery_heard AS
WITH information AS (
    SELECT event_id, referral, record, occurred, heard FROM facts
    WHERE (record = 'AgencyInformed' AND told_agency = 'midwifery')
    OR (record = 'InformationAcknowledged' AND agency = 'midwifery')
)
SELECT u.referral, NULL AS key, f.record, f.occurred, f.heard
FROM unborn_records u JOIN information f USING (referral)
UNION
SELECT n.referral, p.key, f.record, f.occurred, f.heard
FROM (SELECT referral, key FROM unborn_named UNION SELECT referral, key FROM unborn_records JOIN asked_of USING (incident)) n
JOIN persons p USING (key)
JOIN information f ON f.event_id = p.event_id AND f.referral IS NULL;

-- The record that first says so, as known at each moment; nothing is asked of a referral that is midwifery's too.
CREATE TABLE unborn_moments AS
SELECT m.referral, m.heard, arg_min(u.authority, (u.occurred, u.event_id)) AS authority, min(u.occurred) AS occurred,
    NOT EXISTS (
        SELECT 1 FROM unborn_records r
        WHERE r.referral = m.referral AND r.agency = 'midwifery' AND r.heard <= m.heard
    ) AS is_asked
FROM (
    SELECT referral, heard FROM unborn_records
    UNION SELECT referral, heard FROM midwifery_heard
    UNION SELECT n.referral, m.heard FROM unborn_named n JOIN maternity m USING (key)
    UNION SELECT r.referral, m.heard FROM unborn_records r JOIN moments m USING (incident)
) m
JOIN unborn_records u ON u.referral = m.referral AND u.about_unborn AND u.heard <= m.heard
GROUP BY m.referral, m.heard;

-- Whom it names, as known at each moment, and who of them is known to expect a child: who had booked by then, or is stated
-- pregnant in an incident that it names; where anybody is, also who booked afterwards. Where it names nobody, each of whom
-- its incidents are about.
CREATE TABLE unborn_people AS
WITH named AS (
    SELECT m.referral, m.occurred, m.heard, n.key,
        min(n.turn) = min(min(n.turn)) OVER (PARTITION BY m.referral, m.heard) AS is_first
    FROM unborn_moments m JOIN unborn_named n ON n.referral = m.referral AND n.heard <= m.heard
    GROUP BY m.referral, m.occurred, m.heard, n.key
), covering AS (
    SELECT n.referral, n.heard, n.key, min(p.booked) AS booked
    FROM named n
    JOIN pregnancies p ON p.key = n.key AND p.known_from <= n.heard AND n.heard < p.known_until
    WHERE local_time(n.occurred)::DATE BETWEEN p.due_date - 280 AND p.due_date + 21 AND coalesce(p.over >= n.occurred, true)
    GROUP BY ALL
), known AS (
    SELECT n.referral, n.heard, n.key, n.is_first, c.key IS NOT NULL AS is_covered,
        coalesce(c.booked <= n.occurred, false) OR EXISTS (
            SELECT 1 FROM unborn_records r JOIN said s USING (incident) JOIN incidents i USING (incident)
            WHERE r.referral = n.referral AND r.heard <= n.heard AND s.key = n.key AND s.heard = (
                SELECT max(m.heard) FROM moments m
                WHERE m.incident = r.incident AND m.key = n.key AND m.heard <= n.heard
            )
            -- What was over by then, or must have been, is stated of an earlier child.
            AND i.occurred >= n.occurred - INTERVAL 301 DAY AND NOT EXISTS (
                SELECT 1 FROM maternity o
                WHERE o.key = n.key AND o.record IN ('BirthRecorded', 'PregnancyEnded') AND o.heard <= n.heard
                AND o.occurred >= i.occurred AND o.occurred < n.occurred
            )
        ) AS was_known
    FROM named n LEFT JOIN covering c USING (referral, heard, key)
)
SELECT referral, heard, key, is_first, is_covered,
    was_known OR (is_covered AND bool_or(was_known) OVER (PARTITION BY referral, heard)) AS is_known
FROM known
UNION ALL
SELECT m.referral, m.heard, s.key, false, false, true
FROM unborn_moments m
JOIN unborn_records r ON r.referral = m.referral AND r.heard <= m.heard
JOIN (SELECT DISTINCT incident, key FROM subjects) q USING (incident)
ASOF JOIN subjects s ON s.incident = q.incident AND s.key = q.key AND s.heard <= m.heard
WHERE s.is_subject AND NOT EXISTS (SELECT 1 FROM named n WHERE n.referral = m.referral AND n.heard = m.heard);

-- Where nobody is known to be her, it is about whom the referral names first, and each may be her.
CREATE TABLE unborn_mothers AS
WITH asked AS (
    SELECT *, bool_or(is_known) OVER (PARTITION BY referral, heard) AS any_known FROM unborn_people
)
SELECT a.referral, a.heard, a.key, m.key AS mother, m.is_covered
FROM asked a JOIN unborn_people m USING (referral, heard)
WHERE (a.is_known AND m.key = a.key) OR (a.is_first AND NOT a.any_known);

-- The end that took the question with it: no end if the child was born before, or while somebody who may be the mother
-- is known to have a pregnancy that has not ended.
CREATE TABLE unborn_lost AS
WITH ends AS (
    SELECT q.referral, q.heard, q.key, q.mother, q.is_covered, u.occurred, min(e.occurred) AS ended
    FROM unborn_mothers q
    JOIN unborn_moments u USING (referral, heard)
    LEFT JOIN maternity e
        ON e.key = q.mother AND e.record = 'PregnancyEnded' AND e.heard <= q.heard
        AND e.occurred BETWEEN u.occurred AND u.occurred + INTERVAL 301 DAY
    GROUP BY ALL
), true_ends AS (
    SELECT * REPLACE (CASE WHEN NOT EXISTS (
        SELECT 1 FROM maternity b
        WHERE b.key = mother AND b.record = 'BirthRecorded' AND b.heard <= e.heard AND b.occurred BETWEEN e.occurred AND e.ended
    ) THEN ended END AS ended)
    FROM ends e
)
SELECT referral, heard, key, CASE WHEN NOT bool_or(is_covered AND ended IS NULL) THEN max(ended) END AS ended
FROM true_ends GROUP BY ALL;

-- Whom it was about at some moment is asked about at each: not any more, once somebody else is known to be the mother.
INSERT INTO states
WITH asked AS (
    SELECT m.referral, m.authority, m.occurred, m.heard, m.is_asked, k.key
    FROM unborn_moments m JOIN (SELECT DISTINCT referral, key FROM unborn_mothers) k USING (referral)
), judged AS (
    SELECT q.* REPLACE (is_asked AND l.key IS NOT NULL AS is_asked), l.ended, (
        SELECT min(a.occurred) FROM midwifery_heard a JOIN midwifery_heard t USING (referral)
        WHERE a.referral = q.referral AND a.record = 'InformationAcknowledged' AND t.record = 'AgencyInformed'
        AND t.occurred BETWEEN q.occurred AND a.occurred AND a.heard <= q.heard AND t.heard <= q.heard
        AND (a.key IS NULL OR (q.referral, q.heard, q.key, a.key) IN (SELECT (referral, heard, key, mother) FROM unborn_mothers))
        AND (t.key IS NULL OR (q.referral, q.heard, q.key, t.key) IN (SELECT (referral, heard, key, mother) FROM unborn_mothers))
    ) AS answered
    FROM asked q LEFT JOIN unborn_lost l USING (referral, heard, key)
)
SELECT
    'midwifery-not-told/' || referral || '/' || key, 'midwifery-not-told', 'person', key, authority, heard,
    is_asked AND (ended IS NULL OR coalesce(answered <= ended, false)),
    NULL, due_after(occurred, 'midwifery-not-told.within'), answered, 'overdue'
FROM judged;
