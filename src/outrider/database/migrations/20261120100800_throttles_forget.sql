-- Failures of a busy network are forgotten too; and one way to require a second factor.
SET LOCAL lock_timeout = '5s';

-- Counts an attempt under every key and returns 0, or counts nothing and returns the seconds to wait. An attempt counts as failed until
-- f_forgive says otherwise, so that many at once cannot all pass. Beyond a key's free failures the wait doubles, to 15 minutes. All is
-- forgotten an hour after the first failure, else an office of many would never be rid of its typing errors; who had to wait is
-- remembered for an hour after that.
CREATE OR REPLACE FUNCTION tenancy.f_attempt(p_keys bytea [], p_free integer []) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz;
    v_wait integer;
BEGIN
    DELETE FROM tenancy.throttles WHERE key IN (
        SELECT t.key FROM tenancy.throttles AS t WHERE t.forget_at <= now() ORDER BY t.forget_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO tenancy.throttles (key, forget_at) SELECT k.key, now() + interval '1 hour' FROM unnest(p_keys) AS k (key) ORDER BY k.key
    ON CONFLICT (key) DO NOTHING;
    PERFORM t.key FROM tenancy.throttles AS t WHERE t.key = ANY (p_keys) ORDER BY t.key FOR UPDATE;
    v_now := clock_timestamp(); -- the locks may have been waited for
    UPDATE tenancy.throttles AS t SET failures = 0, blocked_until = NULL, forget_at = v_now + interval '1 hour'
    WHERE t.key = ANY (p_keys) AND (t.failures = 0 OR t.forget_at <= v_now);
    SELECT ceil(extract(epoch FROM max(t.blocked_until) - v_now)) INTO v_wait
    FROM tenancy.throttles AS t WHERE t.key = ANY (p_keys) AND t.blocked_until > v_now;
    IF v_wait > 0 THEN
        RETURN v_wait;
    END IF;
    UPDATE tenancy.throttles AS t SET
        failures = t.failures + 1,
        blocked_until = w.until,
        forget_at = greatest(t.forget_at, w.until + interval '1 hour')
    FROM (
        SELECT
            k.key, CASE WHEN b.failures >= k.free THEN v_now + least(power(2, least(b.failures - k.free, 20)), 900) * interval '1 second' END AS until
        FROM unnest(p_keys, p_free) AS k (key, free) INNER JOIN tenancy.throttles AS b ON b.key = k.key
    ) AS w
    WHERE t.key = w.key;
    RETURN 0;
END $$;

-- tenancy.organizations' own settings say it, and tenancy.f_note_change writes it down: nothing calls this one.
-- squawk-ignore ban-drop-function
DROP FUNCTION IF EXISTS tenancy.f_require_second_factor(boolean);
