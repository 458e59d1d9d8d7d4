-- name: campaigns(organization_id, namespaces, state, name, q, after, count)
-- Campaigns, newest first, in a state or in any; of some namespaces or of all; with a name, in any case, with `q` in it, or all.
SELECT
    c.campaign_id, c.name, c.type, c.state, n.name AS namespace, c.owner_user_id, c.time_zone, left(c.window_start::text, 5) AS window_start,
    left(c.window_end::text, 5) AS window_end, c.window_days, c.daily_limit, c.verification_mode, c.rotation, c.stops_at_same_company, c.tracks_opens,
    c.tracks_clicks, c.starts_at, c.paused_reason, c.target_count, c.sent_count, c.delivered_count, c.open_count, c.click_count,
    c.response_count, c.bounce_count, c.unsubscribe_count, c.complaint_count, c.created_by, c.created_at, c.started_at, c.ended_at,
    c.updated_at
FROM marketing.campaigns AS c
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = :organization_id AND n.id = c.namespace_id
WHERE c.organization_id = :organization_id AND (:state::text IS NULL OR c.state = :state)
    AND (:name::text IS NULL OR lower(c.name) = lower(:name))
    AND (:q::text IS NULL OR strpos(lower(c.name), lower(:q)) > 0) AND (:after::uuid IS NULL OR c.campaign_id < :after)
    AND (:namespaces::text[] IS NULL OR n.name = ANY (:namespaces))
ORDER BY c.campaign_id DESC LIMIT :count;

-- name: campaign(organization_id, namespaces, id)^
-- One of these.
SELECT
    c.campaign_id, c.name, c.type, c.state, n.name AS namespace, c.owner_user_id, c.time_zone, left(c.window_start::text, 5) AS window_start,
    left(c.window_end::text, 5) AS window_end, c.window_days, c.daily_limit, c.verification_mode, c.rotation, c.stops_at_same_company, c.tracks_opens,
    c.tracks_clicks, c.starts_at, c.paused_reason, c.target_count, c.sent_count, c.delivered_count, c.open_count, c.click_count,
    c.response_count, c.bounce_count, c.unsubscribe_count, c.complaint_count, c.created_by, c.created_at, c.started_at, c.ended_at,
    c.updated_at
FROM marketing.campaigns AS c
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = :organization_id AND n.id = c.namespace_id
WHERE c.organization_id = :organization_id AND c.campaign_id = :id AND (:namespaces::text[] IS NULL OR n.name = ANY (:namespaces));

-- name: state_counts(organization_id, namespaces)
-- How many campaigns are in which state.
SELECT c.state, count(*) AS campaigns
FROM marketing.campaigns AS c
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = :organization_id AND n.id = c.namespace_id
WHERE c.organization_id = :organization_id AND (:namespaces::text[] IS NULL OR n.name = ANY (:namespaces))
GROUP BY c.state;

-- name: email_steps(organization_id, ids)
-- How many email steps campaigns have; those without any are left out.
SELECT s.campaign_id, count(*) AS steps FROM marketing.steps AS s
WHERE s.organization_id = :organization_id AND s.campaign_id = ANY (:ids::uuid[]) AND s.channel = 'email' GROUP BY s.campaign_id;

-- name: campaign_ids(organization_id, namespaces, name)
-- The ids of campaigns with a name, in any case, the newest first, five at most; of some namespaces or of all.
SELECT c.campaign_id FROM marketing.campaigns AS c
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = :organization_id AND n.id = c.namespace_id
WHERE c.organization_id = :organization_id AND lower(c.name) = lower(:name) AND (:namespaces::text[] IS NULL OR n.name = ANY (:namespaces))
ORDER BY c.campaign_id DESC LIMIT 5;

-- name: lock_campaign(organization_id, id)$
-- Keeps others from changing a campaign until the transaction ends.
SELECT c.campaign_id FROM marketing.campaigns AS c WHERE c.organization_id = :organization_id AND c.campaign_id = :id FOR UPDATE;

-- name: add_campaign(organization_id, name, namespace_id, owner_user_id, time_zone)$
-- Makes a draft and returns its id.
INSERT INTO marketing.campaigns (organization_id, name, namespace_id, owner_user_id, time_zone)
VALUES (:organization_id, :name, :namespace_id, :owner_user_id, :time_zone) RETURNING campaign_id;

-- name: change_campaign!
-- Writes what a campaign's settings are now.
UPDATE marketing.campaigns SET
    name = :name, type = :type,
    namespace_id = (SELECT n.id FROM tenancy.namespaces AS n WHERE n.organization_id = :organization_id AND n.name = :namespace),
    time_zone = :time_zone, window_start = :window_start::text::time, window_end = :window_end::text::time, window_days = :window_days::integer[],
    daily_limit = :daily_limit, verification_mode = :verification_mode, rotation = :rotation, stops_at_same_company = :stops_at_same_company,
    tracks_opens = :tracks_opens, tracks_clicks = :tracks_clicks, starts_at = :starts_at, owner_user_id = :owner_user_id
WHERE organization_id = :organization_id AND campaign_id = :id;

-- name: delete_campaign(organization_id, id)!
-- Deletes a draft with its steps.
DELETE FROM marketing.campaigns WHERE organization_id = :organization_id AND campaign_id = :id;

-- name: set_state(organization_id, id, states, state, reason)$
-- Takes a campaign from one of some states to another one; returns its id, none when it is in no such state.
UPDATE marketing.campaigns SET
    state = :state, paused_reason = :reason,
    started_at = CASE WHEN :state = 'sending' THEN coalesce(started_at, now()) ELSE started_at END,
    ended_at = CASE WHEN :state = 'cancelled' THEN now() END
WHERE organization_id = :organization_id AND campaign_id = :id AND state = ANY (:states::text[])
RETURNING campaign_id;

-- name: history(organization_id, id)
-- The changes of a campaign's state, the last hundred, newest first.
SELECT h.from_state, h.to_state, h.reason, h.changed_by, h.changed_at FROM marketing.campaign_changes AS h
WHERE h.organization_id = :organization_id AND h.campaign_id = :id ORDER BY h.id DESC LIMIT 100;

-- name: audience(organization_id, id)
-- Whom a campaign is for.
SELECT a.list_id, a.segment_id FROM marketing.campaign_audience AS a
WHERE a.organization_id = :organization_id AND a.campaign_id = :id ORDER BY a.id;

-- name: leave_audience(organization_id, id, lists, segments)!
-- Takes lists and segments out of an audience that are not among these.
DELETE FROM marketing.campaign_audience AS a
WHERE a.organization_id = :organization_id AND a.campaign_id = :id
    AND (a.list_id <> ALL (:lists::uuid[]) OR a.segment_id <> ALL (:segments::uuid[]));

-- name: join_audience(organization_id, id, lists, segments)!
-- Puts those of these lists and segments into an audience that are not there.
INSERT INTO marketing.campaign_audience (organization_id, campaign_id, list_id, segment_id)
SELECT :organization_id::uuid, :id::uuid, l.id, NULL::uuid FROM unnest(:lists::uuid[]) AS l (id)
UNION ALL
SELECT :organization_id::uuid, :id::uuid, NULL::uuid, s.id FROM unnest(:segments::uuid[]) AS s (id)
ON CONFLICT (organization_id, campaign_id, list_id, segment_id) DO NOTHING;

-- name: mailboxes(id)
-- The mailboxes that a campaign sends from.
SELECT b.id, b.email, b.state, b.state_reason, b.tracking_domain, b.smtp_host, b.smtp_port FROM sending.f_campaign_mailboxes(:id) AS b;

-- name: set_mailboxes(id, mailboxes)$
-- Says which mailboxes a campaign sends from; returns how many of them there are.
SELECT s.mailboxes FROM sending.f_set_campaign_mailboxes(:id, :mailboxes::uuid[]) AS s;

-- name: steps(organization_id, id)
-- The steps of a campaign with their wordings, in their order.
SELECT
    s.id, s.position, s.channel, s.delay, s.delay_unit, s.condition, s.is_reply, s.instructions,
    coalesce((
        SELECT jsonb_agg(
            jsonb_build_object('id', v.id, 'label', v.label, 'weight', v.weight, 'subject', v.subject, 'body', v.body, 'template_id', v.template_id)
            ORDER BY v.label
        )
        FROM marketing.variants AS v WHERE v.organization_id = :organization_id AND v.step_id = s.id
    ), '[]') AS variants
FROM marketing.steps AS s
WHERE s.organization_id = :organization_id AND s.campaign_id = :id
ORDER BY s.position;

-- name: hold_sending(organization_id)!
-- Lets nothing be planned or claimed until the end of the transaction, and waits for who does: it happens by what was, or by what will be.
-- Comes before any other lock.
SELECT
    pg_advisory_xact_lock(hashtextextended('sending.plan/' || (:organization_id::uuid)::text, 0)),
    pg_advisory_xact_lock(hashtextextended('sending.claim/' || (:organization_id::uuid)::text, 0));

-- name: drop_steps(organization_id, id, kept)!
-- Takes away all steps but these.
DELETE FROM marketing.steps AS s WHERE s.organization_id = :organization_id AND s.campaign_id = :id AND s.id <> ALL (:kept::uuid[]);

-- name: save_steps(organization_id, id, steps)!
-- Writes steps in their order; those with an id are there already.
INSERT INTO marketing.steps (organization_id, campaign_id, id, position, channel, delay, delay_unit, condition, is_reply, instructions)
SELECT :organization_id, :id, coalesce(s.id, uuidv7()), s.position, s.channel, s.delay, s.delay_unit, s.condition, s.is_reply, s.instructions
FROM jsonb_to_recordset(:steps::jsonb) AS s (
    id uuid, position integer, channel text, delay integer, delay_unit text, condition text, is_reply boolean, instructions text
)
ON CONFLICT (organization_id, id) DO UPDATE SET
    position = excluded.position, channel = excluded.channel, delay = excluded.delay, delay_unit = excluded.delay_unit, condition = excluded.condition,
    is_reply = excluded.is_reply, instructions = excluded.instructions;

-- name: drop_variants(organization_id, id, variants)!
-- Takes away the wordings that are not among these.
DELETE FROM marketing.variants AS v USING marketing.steps AS s
WHERE v.organization_id = :organization_id AND s.organization_id = :organization_id AND s.campaign_id = :id AND v.step_id = s.id
    AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(:variants::jsonb) AS w (position integer, label text) WHERE w.position = s.position AND w.label = v.label
    );

-- name: save_variants(organization_id, id, variants)!
-- Writes wordings by position and label.
INSERT INTO marketing.variants (organization_id, step_id, label, weight, subject, body, template_id)
SELECT :organization_id, s.id, w.label, w.weight, w.subject, w.body, w.template_id
FROM jsonb_to_recordset(:variants::jsonb) AS w (position integer, label text, weight integer, subject text, body text, template_id uuid)
INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.campaign_id = :id AND s.position = w.position
ON CONFLICT (organization_id, step_id, label) DO UPDATE SET
    weight = excluded.weight, subject = excluded.subject, body = excluded.body, template_id = excluded.template_id;

-- name: follow_steps(id, waiting, begun)!
-- Lets people go on in the new order of the steps, see `marketing.f_follow_steps`.
SELECT marketing.f_follow_steps(:id, :waiting::integer[], :begun::integer[]);

-- name: follow_times(id)!
-- Reckons anew when people and messages that wait are due, by the steps and the window as they are now.
SELECT marketing.f_follow_times(:id);

-- name: organization(organization_id)^
-- What campaigns take from the organization.
SELECT o.time_zone, o.physical_address FROM tenancy.organizations AS o WHERE o.id = :organization_id;
