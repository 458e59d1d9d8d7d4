-- name: write(campaigns)$
-- Works out every day of these campaigns anew and keeps it; how many days there are.
SELECT marketing.f_write_feedback(:campaigns::uuid[]);

-- name: days(organization_id, campaign_id, before, count)
-- What a campaign's days taught, the last one first, before the day `before`.
SELECT f.report_date, f.metrics, f.insights, f.created_at FROM marketing.feedback_reports AS f
WHERE f.organization_id = :organization_id AND f.campaign_id = :campaign_id AND (:before::date IS NULL OR f.report_date < :before::date)
ORDER BY f.report_date DESC LIMIT :count;

-- name: due(organization_id, days)
-- The campaigns whose feedback may change: those that are not over, or ended in the last days, or to which something came in during the last two days.
SELECT c.campaign_id FROM marketing.campaigns AS c
WHERE c.organization_id = :organization_id AND c.started_at IS NOT NULL AND (
    c.ended_at IS NULL OR c.ended_at > now() - make_interval(days => :days)
    OR EXISTS (
        SELECT FROM engagement.events AS v
        WHERE v.organization_id = :organization_id AND v.campaign_id = c.campaign_id AND v.received_at > now() - interval '2 days'
    )
)
ORDER BY c.campaign_id;
