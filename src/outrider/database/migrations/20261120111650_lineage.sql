-- What tells a database from its copy. A copy has every byte that the original has, so the rest of it lies outside, with each host that sends
-- (sending/watch.py): whose line of life this database is, and how far it had come. A copy that is found out begins a line of its own.
SET LOCAL lock_timeout = '5s';

-- The lines of life, the last one is lived now. `beat` grows every few seconds while somebody sends. `reason` is why it began: NULL, it is the
-- first.
CREATE TABLE sending.lineages (
    number bigint GENERATED ALWAYS AS IDENTITY,
    token uuid NOT NULL DEFAULT uuidv7(),
    beat bigint NOT NULL DEFAULT 0,
    reason text,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT lineages_pkey PRIMARY KEY (number),
    CONSTRAINT lineages_token_key UNIQUE (token)
);
INSERT INTO sending.lineages DEFAULT VALUES;

-- Where this database is, as the hosts that send remember it; the line that it lives and how far it came, and all of its lines.
CREATE FUNCTION sending.f_lineage(OUT server text, OUT token uuid, OUT beat bigint, OUT tokens uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        (SELECT s.system_identifier::text FROM pg_control_system() AS s)
        || '-' || (SELECT d.oid::text FROM pg_database AS d WHERE d.datname = current_database()),
        l.token, l.beat, (SELECT array_agg(a.token ORDER BY a.number) FROM sending.lineages AS a)
    FROM sending.lineages AS l ORDER BY l.number DESC LIMIT 1;
END;
GRANT EXECUTE ON FUNCTION sending.f_lineage() TO outrider_app;

-- One beat further; what `f_lineage` returns then.
CREATE FUNCTION sending.f_beat(OUT server text, OUT token uuid, OUT beat bigint, OUT tokens uuid[])
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE sending.lineages SET beat = beat + 1 WHERE number = (SELECT max(l.number) FROM sending.lineages AS l);
    SELECT f.server, f.token, f.beat, f.tokens FROM sending.f_lineage() AS f;
END;
GRANT EXECUTE ON FUNCTION sending.f_beat() TO outrider_app;

-- Begins another line for the reason, unless the one that is meant has ended already: every organization that has sent is frozen from then on.
CREATE FUNCTION sending.f_disown(p_token uuid, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE sending.lineages IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO sending.lineages (reason)
    SELECT p_reason FROM sending.lineages AS l
    WHERE l.token = p_token AND l.number = (SELECT max(a.number) FROM sending.lineages AS a);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_disown(uuid, text) TO outrider_app;
