-- When something may be sent: zones, windows, what comes so long after, a mailbox's limit of a day and its spacing (BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- Whether this server knows an IANA zone.
CREATE FUNCTION sending.f_is_zone(p_zone text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
BEGIN
    PERFORM now() AT TIME ZONE p_zone;
    RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_is_zone(text) TO outrider_app;

-- The recipient's zone when it is said and known, else the other one: an unknown zone of one recipient must not stop everybody's messages.
-- Most recipients have none, so that the caller, in whom this is written out, mostly asks nothing.
CREATE FUNCTION sending.f_zone(p_zone text, p_other text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN CASE WHEN p_zone IS NULL THEN p_other WHEN sending.f_is_zone(p_zone) THEN p_zone ELSE p_other END;
GRANT EXECUTE ON FUNCTION sending.f_zone(text, text) TO outrider_app;

-- Whether a moment lies in a window of an IANA zone; `p_days` are ISO weekdays, Monday is 1.
CREATE FUNCTION sending.f_is_open(p_at timestamptz, p_zone text, p_start time, p_end time, p_days integer[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN extract(ISODOW FROM p_at AT TIME ZONE p_zone)::integer = ANY (p_days)
    AND (p_at AT TIME ZONE p_zone)::time >= p_start AND (p_at AT TIME ZONE p_zone)::time < p_end;
GRANT EXECUTE ON FUNCTION sending.f_is_open(timestamptz, text, time, time, integer[]) TO outrider_app;

-- The moment itself when the window is open, else when it opens next.
CREATE FUNCTION sending.f_next_opening(p_at timestamptz, p_zone text, p_start time, p_end time, p_days integer[]) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN sending.f_is_open(p_at, p_zone, p_start, p_end, p_days) THEN p_at ELSE (
    SELECT min(o.opens_at)
    FROM generate_series(0, 8) AS d (days)
    CROSS JOIN LATERAL (SELECT ((p_at AT TIME ZONE p_zone)::date + d.days)::date AS day) AS l
    CROSS JOIN LATERAL (SELECT (l.day + p_start) AT TIME ZONE p_zone AS opens_at) AS o
    WHERE o.opens_at > p_at AND extract(ISODOW FROM l.day)::integer = ANY (p_days)
) END;
GRANT EXECUTE ON FUNCTION sending.f_next_opening(timestamptz, text, time, time, integer[]) TO outrider_app;

-- When a step is due that comes so long after `p_at`: business days are Monday to Friday, days and business days keep the hour of the day in
-- the zone; then the window must be open.
CREATE FUNCTION sending.f_after(
    p_at timestamptz, p_delay integer, p_unit text, p_zone text, p_start time, p_end time, p_days integer[]
) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sending.f_next_opening(
    CASE p_unit
        WHEN 'minutes' THEN p_at + make_interval(mins => p_delay)
        WHEN 'hours' THEN p_at + make_interval(hours => p_delay)
        WHEN 'days' THEN (p_at AT TIME ZONE p_zone + make_interval(days => p_delay)) AT TIME ZONE p_zone
        ELSE (
            SELECT (max(d.day) + (p_at AT TIME ZONE p_zone)::time) AT TIME ZONE p_zone
            FROM (
                SELECT ((p_at AT TIME ZONE p_zone)::date + n.days) AS day
                FROM generate_series(0, p_delay * 2 + 3) AS n (days)
                WHERE n.days = 0 OR extract(ISODOW FROM (p_at AT TIME ZONE p_zone)::date + n.days) < 6
                ORDER BY 1 LIMIT p_delay + 1
            ) AS d
        )
    END,
    p_zone, p_start, p_end, p_days
);
GRANT EXECUTE ON FUNCTION sending.f_after(timestamptz, integer, text, text, time, time, integer[]) TO outrider_app;

-- How many a mailbox may send on a day of the organization's: its limit, or on the way there a straight ramp (BEHAVIOUR 7).
CREATE FUNCTION sending.f_daily_limit(p_limit integer, p_warmup text, p_started date, p_from integer, p_days integer, p_day date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_warmup = 'pending' THEN 0
    WHEN p_warmup = 'active' AND p_day < p_started + p_days
        THEN least(p_limit, p_from + (p_limit - p_from) * greatest(p_day - p_started, 0) / p_days)
    ELSE p_limit
END;
GRANT EXECUTE ON FUNCTION sending.f_daily_limit(integer, text, date, integer, integer, date) TO outrider_app;

-- How far apart a mailbox's messages are, on average: as it says, else a day's messages spread over the window, at most ten minutes.
CREATE FUNCTION sending.f_spacing(p_seconds integer, p_limit integer, p_start time, p_end time) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(secs => coalesce(p_seconds, least(600, extract(EPOCH FROM p_end - p_start) / greatest(p_limit, 1))));
GRANT EXECUTE ON FUNCTION sending.f_spacing(integer, integer, time, time) TO outrider_app;

-- A number from 0 to under 1 that follows from a text: what is drawn with it is drawn the same every time.
CREATE FUNCTION sending.f_draw(p_text text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashtextextended(p_text, 0) & 1048575) / 1048576.0::double precision;
GRANT EXECUTE ON FUNCTION sending.f_draw(text) TO outrider_app;
