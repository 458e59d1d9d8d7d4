-- The ledger and tasks tell the events what happened there.
SET LOCAL lock_timeout = '5s';

-- Ledger rows and tasks whose event is still to be written, put here by their triggers; the follower takes them away.
CREATE TABLE engagement.outcomes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    source_id uuid NOT NULL,
    CONSTRAINT outcomes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT outcomes_kind_check CHECK (kind IN ('message', 'task'))
);
CALL kit.f_protect('engagement.outcomes');

CREATE FUNCTION engagement.f_note_message() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO engagement.outcomes (organization_id, kind, source_id) VALUES (new.organization_id, 'message', new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER messages_outcome AFTER UPDATE OF status ON sending.messages
FOR EACH ROW WHEN (old.status IS DISTINCT FROM new.status AND new.status IN ('sent', 'failed')) EXECUTE FUNCTION engagement.f_note_message();

CREATE FUNCTION engagement.f_note_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO engagement.outcomes (organization_id, kind, source_id) VALUES (new.organization_id, 'task', new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_outcome AFTER UPDATE OF state ON marketing.tasks
FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state AND new.state = 'done') EXECUTE FUNCTION engagement.f_note_task();

-- Writes the events of ledger rows and tasks that have none yet: `sent`, `bounce` for addresses that were refused, `linkedin_done` and
-- `phone_done`. Returns how many rows it took; at most `p_most`. Needs app.suppression_key in the transaction.
CREATE FUNCTION engagement.f_follow(p_most integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_taken integer;
    v_events jsonb;
BEGIN
    WITH taken AS MATERIALIZED (
        DELETE FROM engagement.outcomes AS o
        WHERE o.organization_id = v_organization AND o.id IN (
            SELECT n.id FROM engagement.outcomes AS n WHERE n.organization_id = v_organization ORDER BY n.id LIMIT p_most FOR UPDATE SKIP LOCKED
        )
        RETURNING o.kind, o.source_id
    ),
    event AS (
        SELECT jsonb_build_object(
            'key', m.status || ':' || m.id, 'type', CASE m.status WHEN 'sent' THEN 'sent' ELSE 'bounce' END, 'platform', 'outrider',
            'occurred_at', coalesce(m.sent_at, m.last_attempt_at), 'message_id', m.id,
            'payload', CASE m.status WHEN 'sent' THEN '{}' ELSE jsonb_build_object('answer', m.error_message) END
        ) AS document
        FROM (SELECT DISTINCT source_id FROM taken WHERE kind = 'message') AS t
        CROSS JOIN LATERAL (
            SELECT b.* FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = t.source_id OFFSET 0
        ) AS m
        WHERE m.status = 'sent' OR (m.status = 'failed' AND m.reason = 'bounce')
        UNION ALL
        SELECT jsonb_build_object(
            'key', 'task:' || k.id, 'type', k.channel || '_done', 'platform', k.channel, 'occurred_at', k.done_at, 'enrollment_id', k.enrollment_id,
            'payload', jsonb_build_object('outcome', k.outcome, 'done_by', k.done_by)
        )
        FROM (SELECT DISTINCT source_id FROM taken WHERE kind = 'task') AS t
        INNER JOIN marketing.tasks AS k ON k.organization_id = v_organization AND k.id = t.source_id
        WHERE k.state = 'done'
    )
    SELECT (SELECT count(*) FROM taken), (SELECT jsonb_agg(e.document) FROM event AS e) INTO v_taken, v_events;
    IF v_events IS NOT NULL THEN
        PERFORM engagement.f_record(v_events);
    END IF;
    RETURN v_taken;
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_follow(integer) TO outrider_app;
