-- Which message of ours a reply answers (BEHAVIOUR 8).
SET LOCAL lock_timeout = '5s';

-- A subject without what mail programs and gateways put before it, in any case: Re:, AW:, Fwd:, RE[2]:, [External] and their kin.
CREATE FUNCTION engagement.f_plain_subject(p_subject text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN btrim(regexp_replace(
    lower(regexp_replace(p_subject, '\s+', ' ', 'g')),
    '^( ?(\[[^]]{1,40}\]|(re|aw|antw|sv|vs|ref|rif|r|odp|ynt|fwd?|wg|tr|rv|enc|i|pd|回复|答复|转发) ?(\[\d+\]|\(\d+\))? ?[:：]))+', ''
));

-- The message that a reply answers, and by what it was found; no row when none fits. In this order: the one whose reply address it came to;
-- the nearest of those whose Message-IDs it names; the last one, sent to any address of the person in the 90 days before, that has its subject;
-- for a reply that says nothing of the kind, the last one, where a single sequence wrote to the person then. A campaign or an enrollment that is
-- known narrows the last two. Clocks may differ by five minutes.
CREATE FUNCTION engagement.f_answered(
    p_token uuid, p_message_ids text[], p_person uuid, p_subject text, p_at timestamptz, p_campaign uuid, p_enrollment uuid
) RETURNS TABLE (id uuid, matched_by text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH recent AS (
        SELECT m.id, m.enrollment_id, m.subject, row_number() OVER (ORDER BY m.status = 'sent' DESC, m.at DESC) AS place
        FROM vault.contacts AS k
        CROSS JOIN LATERAL (
            SELECT b.id, b.campaign_id, b.enrollment_id, b.subject, b.status, coalesce(b.sent_at, b.last_attempt_at) AS at
            FROM sending.messages AS b
            WHERE b.organization_id = kit.f_organization() AND b.contact_id = k.contact_id AND b.status IN ('sent', 'unknown') OFFSET 0
        ) AS m
        WHERE k.organization_id = kit.f_organization() AND k.person_id = p_person AND m.at BETWEEN p_at - interval '90 days' AND p_at + interval '5 minutes'
            AND (p_campaign IS NULL OR m.campaign_id = p_campaign) AND (p_enrollment IS NULL OR m.enrollment_id = p_enrollment)
    )
    SELECT f.id, f.matched_by
    FROM (
        SELECT m.id, 'reply_address' AS matched_by, 0 AS place
        FROM sending.messages AS m WHERE m.organization_id = kit.f_organization() AND m.id = p_token
        UNION ALL
        SELECT m.id, 'thread', i.place
        FROM unnest(p_message_ids) WITH ORDINALITY AS i (message_id, place)
        CROSS JOIN LATERAL (
            SELECT b.id FROM sending.messages AS b WHERE b.organization_id = kit.f_organization() AND b.message_id = i.message_id OFFSET 0
        ) AS m
        UNION ALL
        SELECT r.id, 'subject', 1000 + r.place
        FROM recent AS r WHERE nullif(engagement.f_plain_subject(p_subject), '') = engagement.f_plain_subject(r.subject)
        UNION ALL
        SELECT r.id, 'only_sequence', 1000 + r.place
        FROM recent AS r
        WHERE p_subject IS NULL AND coalesce(cardinality(p_message_ids), 0) = 0 AND (SELECT count(DISTINCT o.enrollment_id) FROM recent AS o) = 1
    ) AS f
    ORDER BY f.place
    LIMIT 1;
END;
