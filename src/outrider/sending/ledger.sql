-- name: claim(worker, most, lease)
-- Messages that may be sent now, claimed for this worker, with what it takes to write them.
SELECT
    m.id, m.campaign_id, m.enrollment_id, m.step_id, m.sequence_step, m.variant_id, m.mailbox_id, m.recipient, m.recipient_domain, m.message_id,
    m.in_reply_to, m.claim_token, m.attempts, m.created_at, m.edited_by, m.subject AS edited_subject, m.body AS edited_body
FROM sending.f_claim(:worker, :most, :lease) AS m;

-- name: begin(worker, messages, lease)
-- The messages of these that may be handed to the server now.
SELECT b.id FROM sending.f_begin(:worker, :messages, :lease) AS b (id);

-- name: finish(worker, outcomes)
-- What messages became by what the servers answered.
SELECT f.id, f.status FROM sending.f_finish(:worker, :outcomes) AS f;

-- name: renew(worker, lease)$
-- How many messages a worker still holds.
SELECT sending.f_renew(:worker, :lease);

-- name: recover()^
-- Takes back what dead workers held.
SELECT requeued, doubtful FROM sending.f_recover();

-- name: plan(most)^
-- Makes messages and tasks of what is due.
SELECT planned, tasks, passed_over, finished, deferred, completed FROM sending.f_plan(:most);

-- name: organizations_with_work()
-- The organizations whose sender has something to do.
SELECT w.id FROM sending.f_organizations_with_work() AS w (id);

-- name: set_suppression_key(key)!
-- Says in this transaction what addresses are hashed with.
SELECT set_config('app.suppression_key', :key, true);

-- name: refresh_health()$
-- Writes the mailboxes' health anew; how many were paused.
SELECT sending.f_refresh_health();

-- name: references_of(organization_id, enrollment_ids)
-- The Message-IDs that were sent to each enrollment, in their order.
SELECT m.enrollment_id, array_agg(m.message_id ORDER BY m.sequence_step) AS message_ids
FROM sending.messages AS m
WHERE m.organization_id = :organization_id AND m.enrollment_id = ANY (:enrollment_ids::uuid[]) AND m.status IN ('sent', 'unknown')
GROUP BY m.enrollment_id;

-- name: wordings(organization_id, variant_ids)
-- The texts of wordings, their template's where they have one.
SELECT v.id, coalesce(t.subject, v.subject) AS subject, coalesce(t.body, v.body) AS body
FROM marketing.variants AS v
LEFT JOIN marketing.templates AS t ON t.organization_id = :organization_id AND t.id = v.template_id
WHERE v.organization_id = :organization_id AND v.id = ANY (:variant_ids::uuid[]);

-- name: campaigns_for_sending(organization_id, campaign_ids)
-- What messages take from their campaign.
SELECT c.campaign_id, c.tracks_opens, c.tracks_clicks FROM marketing.campaigns AS c
WHERE c.organization_id = :organization_id AND c.campaign_id = ANY (:campaign_ids::uuid[]);

-- name: physical_address(organization_id)$
-- What is printed in every email.
SELECT o.physical_address FROM tenancy.organizations AS o WHERE o.id = :organization_id;
