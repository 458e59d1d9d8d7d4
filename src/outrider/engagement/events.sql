-- name: record(events)
-- Writes events down, each once; a row for each, in their order.
SELECT event_key, event_id, is_new FROM engagement.f_record(:events::jsonb);

-- name: organizations_to_follow()
-- The organizations in which something waits to become an event or a counter.
SELECT f.id FROM engagement.f_organizations_to_follow() AS f (id);

-- name: follow(most)$
-- Makes events of ledger rows and tasks; how many rows there were.
SELECT engagement.f_follow(:most);

-- name: refresh_counters()$
-- Makes the counters of campaigns with new events what those say; how many campaigns.
SELECT engagement.f_refresh_counters();

-- name: make_months()$
-- Makes the months that are missing, from this one to three ahead; how many were new.
SELECT engagement.f_make_event_partitions(3);

-- name: to_judge(organization_id, after_at, after_id, count)
-- The next opens, clicks and replies after a place in time.
SELECT v.id, v.occurred_at FROM engagement.events AS v
WHERE v.organization_id = :organization_id AND v.type IN ('open', 'click', 'reply')
    AND (v.occurred_at, v.id) > (:after_at::timestamptz, :after_id::uuid)
ORDER BY v.occurred_at, v.id LIMIT :count;

-- name: judge(ids, since, until)^
-- Judges events anew; how many verdicts changed, and in which campaigns.
SELECT f.changed, f.campaigns FROM engagement.f_judge(:ids::uuid[], :since, :until) AS f;

-- name: rules(organization_id)
-- The organization's own rules about machines.
SELECT r.id, r.kind, r.pattern, r.verdict, r.note, r.created_by, r.created_at FROM engagement.verdict_rules AS r
WHERE r.organization_id = :organization_id ORDER BY r.kind, r.pattern;

-- name: add_rule(organization_id, kind, pattern, verdict, note)^
-- Keeps a rule; no row when there is one for the pattern.
INSERT INTO engagement.verdict_rules (organization_id, kind, pattern, verdict, note)
VALUES (:organization_id, :kind, :pattern, :verdict, :note)
ON CONFLICT (organization_id, kind, pattern) DO NOTHING
RETURNING id, kind, pattern, verdict, note, created_by, created_at;

-- name: remove_rule(organization_id, id)$
-- Takes a rule away; its id, NULL when there is none.
DELETE FROM engagement.verdict_rules WHERE organization_id = :organization_id AND id = :id RETURNING id;
