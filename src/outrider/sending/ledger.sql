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

-- name: plan(most)^
-- Makes messages and tasks of what is due.
SELECT planned, tasks, passed_over, finished, deferred, completed FROM sending.f_plan(:most);

-- name: organizations_with_work()
-- The organizations whose sender has something to do.
SELECT w.id FROM sending.f_organizations_with_work() AS w (id);

-- name: set_suppression_key(key)!
-- Says in this transaction what addresses are hashed with.
SELECT set_config('app.suppression_key', :key, true);

-- name: lineage()^
-- Which database this is, the line of life that it lives and how far it came.
SELECT f.server, f.token, f.beat, f.tokens FROM sending.f_lineage() AS f;

-- name: beat()^
-- The same, one beat further.
SELECT f.server, f.token, f.beat, f.tokens FROM sending.f_beat() AS f;

-- name: disown(token, reason)!
-- Says that this is a copy: begins another line of life, which freezes every organization that has sent.
SELECT sending.f_disown(:token, :reason);

-- name: refresh_health()$
-- Writes the mailboxes' health anew; how many were paused.
SELECT sending.f_refresh_health();

-- name: references_of(organization_id, enrollment_ids)
-- The Message-IDs that were sent to each enrollment, in their order.
SELECT m.enrollment_id, array_agg(m.message_id ORDER BY m.id) AS message_ids
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

-- name: mailboxes_for_sending(organization_id, mailbox_ids)
-- What the worker needs of mailboxes, with the domain that signs for them.
SELECT
    b.id, b.email, b.from_name, b.reply_to, b.smtp_host, b.smtp_port, b.smtp_security, b.imap_host, b.imap_port, b.imap_security,
    b.authentication, b.username, b.credentials_encrypted,
    b.tracking_domain, d.id AS domain_id, d.domain, d.dkim_selector, d.dkim_private_key_encrypted, b.updated_at
FROM sending.mailboxes AS b
LEFT JOIN sending.domains AS d ON d.organization_id = :organization_id AND d.domain = split_part(b.email, '@', 2)
WHERE b.organization_id = :organization_id AND b.id = ANY (:mailbox_ids::uuid[]);

-- name: mailbox_fails(organization_id, id, reason)!
-- Takes a mailbox out of use that its server does not let in, with the server's own words.
UPDATE sending.mailboxes SET state = 'failing', state_reason = :reason
WHERE organization_id = :organization_id AND id = :id AND state = 'active';

-- name: keep_credentials(organization_id, id, credentials)!
-- Keeps credentials that somebody gave.
UPDATE sending.mailboxes SET credentials_encrypted = :credentials WHERE organization_id = :organization_id AND id = :id;

-- name: keep_renewed(organization_id, id, was, credentials)!
-- Keeps credentials that were renewed, unless somebody gave others meanwhile.
UPDATE sending.mailboxes SET credentials_encrypted = :credentials
WHERE organization_id = :organization_id AND id = :id AND credentials_encrypted = :was;

-- name: organizations_in_doubt()
-- The organizations in which a Sent folder may settle something.
SELECT f.id FROM sending.f_organizations_in_doubt() AS f (id);

-- name: doubtful(most)
-- Doubtful messages to be looked for now, each with its mailbox.
SELECT id, mailbox_id, message_id FROM sending.f_look_for(:most);

-- name: settle_doubtful(id, evidence)$
-- What a doubtful message became that was found; NULL when it is settled already.
SELECT sending.f_settle(:id, 'sent', :evidence);
