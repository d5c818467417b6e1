-- What was told, each event once, with times as UTC; and the calendar.

-- The same local time of day on the n-th working day after t's date; a t that is on no working day counts from 00:00
-- of the next one. A cap in hours may make it earlier.
CREATE MACRO local_time(t) AS timezone('Europe/London', timezone('UTC', t));
CREATE MACRO utc_time(l) AS timezone('UTC', timezone('Europe/London', l));
CREATE MACRO due_after(t, limit_name) AS (
    SELECT least(
        CASE
            WHEN limits.working_days IS NULL THEN t + to_microseconds(limits.microseconds)
            ELSE (
                SELECT utc_time(
                    target.day + CASE WHEN today.working THEN local_time(t)::TIME ELSE TIME '00:00' END
                )
                FROM days AS today
                JOIN days AS target
                    ON target.working
                    AND target.number = today.number + limits.working_days + (NOT today.working)::INTEGER
                WHERE today.day = local_time(t)::DATE
            )
        END,
        t + to_hours(limits.cap_hours)
    )
    FROM limits WHERE limits.name = limit_name
);

-- A moment as ids name it: to the millisecond only where it has a part of a second.
CREATE MACRO named_moment(t) AS replace(strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ'), '.000Z', 'Z');

CREATE TABLE facts AS
SELECT * FROM (
    SELECT
        * EXCLUDE (received_at, recorded_at, occurred_at, "case", people, person, "with", seen, to_agency),
        row_number() OVER () AS place,
        occurred_at::TIMESTAMPTZ AT TIME ZONE 'UTC' AS occurred,
        coalesce(received_at, recorded_at, occurred_at)::TIMESTAMPTZ AT TIME ZONE 'UTC' AS heard,
        "case" AS case_id,
        to_agency AS told_agency,
        person AS one_person,
        people::VARCHAR AS many_people
    FROM told
)
WHERE heard <= (SELECT coalesce(until, TIMESTAMP '9999-01-01') FROM asked)
-- Told twice is told once: the first telling counts.
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY heard, place) = 1;

CREATE TABLE persons_named AS
SELECT
    event_id,
    number,
    coalesce(each.person.scheme, each.scheme) AS scheme,
    coalesce(each.person.value, each.value) AS value,
    each.role AS role,
    each.pregnancy AS pregnancy
FROM (
    SELECT event_id, unnest(list) AS each, generate_subscripts(list, 1) AS number
    FROM (
        SELECT event_id, from_json(
            many_people,
            '[{"scheme":"VARCHAR","value":"VARCHAR","person":{"scheme":"VARCHAR","value":"VARCHAR"},
               "role":"VARCHAR","pregnancy":"VARCHAR"}]'
        ) AS list
        FROM facts WHERE many_people IS NOT NULL
    )
)
UNION ALL
SELECT event_id, 1, one_person.scheme, one_person.value, NULL, NULL
FROM facts WHERE one_person IS NOT NULL;

-- Every question as it stood from each moment on at which something of it was heard: whether it was asked, until when
-- an answer was due, and when the answer came, of which all was known then.
CREATE TABLE states (
    alert_id VARCHAR,
    rule VARCHAR,
    about_kind VARCHAR,
    about VARCHAR,
    authority VARCHAR,
    heard TIMESTAMP,
    asked BOOLEAN,
    unasked_as VARCHAR,
    due TIMESTAMP,
    answered TIMESTAMP,
    found_as VARCHAR
);
