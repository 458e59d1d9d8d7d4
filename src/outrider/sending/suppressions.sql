-- name: suppress_many(values, reason, note, campaign_id)
-- Keeps suppressions of addresses and domains (those without an at sign); what is there already stays as it is. One row for each that is new.
INSERT INTO sending.suppressions (kind, value, value_hash, campaign_id, reason, note)
SELECT CASE WHEN position('@' IN v.value) > 0 THEN 'address' ELSE 'domain' END, v.value, sending.f_hash(v.value), :campaign_id, :reason, :note
FROM (SELECT DISTINCT lower(btrim(u.value)) AS value FROM unnest(:values::text[]) AS u (value)) AS v
ON CONFLICT (organization_id, value_hash, campaign_id) DO NOTHING
RETURNING id, kind, value, campaign_id, NULL::text AS campaign, reason, note, created_by, created_at;

-- name: suppressed_among(values, campaign_id)
-- Which of these addresses may not be written to, and why.
SELECT v.value, sending.f_suppressed(v.value, :campaign_id::uuid) AS reason
FROM (SELECT DISTINCT lower(btrim(u.value)) AS value FROM unnest(:values::text[]) AS u (value)) AS v;

-- name: suppressions(organization_id, value, words, kind, reason, campaign_id, before, count)
-- A page of suppressions, newest first. `value` finds an address or domain even when only its hash is left; `words` finds what holds them, too.
SELECT s.id, s.kind, s.value, s.campaign_id, c.name AS campaign, s.reason, s.note, s.created_by, s.created_at
FROM sending.suppressions AS s
LEFT JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = s.campaign_id
WHERE s.organization_id = :organization_id
    AND (:value::text IS NULL OR s.value_hash = sending.f_hash(:value::text))
    AND (:words::text IS NULL OR position(lower(:words::text) IN s.value) > 0 OR s.value_hash = sending.f_hash(:words::text))
    AND (:kind::text IS NULL OR s.kind = :kind::text)
    AND (:reason::text IS NULL OR s.reason = :reason::text)
    AND (:campaign_id::uuid IS NULL OR s.campaign_id = :campaign_id::uuid)
    AND (:before::uuid IS NULL OR s.id < :before::uuid)
ORDER BY s.id DESC
LIMIT :count;

-- name: suppression(organization_id, id)^
-- One of them.
SELECT s.id, s.kind, s.value, s.campaign_id, c.name AS campaign, s.reason, s.note, s.created_by, s.created_at
FROM sending.suppressions AS s
LEFT JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = s.campaign_id
WHERE s.organization_id = :organization_id AND s.id = :id;

-- name: unsuppress(id)$
-- Takes a suppression away, and with it what it had made of the contact's status.
SELECT sending.f_lift(:id);
