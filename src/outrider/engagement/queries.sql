-- name: recipient(organization_id, message_id)^
-- Whom a message went to, for which campaign, and who sent it.
SELECT m.recipient AS email, m.campaign_id, m.enrollment_id, c.name AS campaign, o.name AS organization
FROM sending.messages AS m
INNER JOIN marketing.campaigns AS c ON c.organization_id = m.organization_id AND c.campaign_id = m.campaign_id
INNER JOIN tenancy.organizations AS o ON o.id = m.organization_id
WHERE m.organization_id = :organization_id AND m.id = :message_id;

-- name: enrollments_of(organization_id, email, campaign_id)
-- The campaigns that still write to an address; only this one, if one is given.
SELECT e.id FROM marketing.enrollments AS e
INNER JOIN vault.contacts AS k ON k.organization_id = e.organization_id AND k.contact_id = e.contact_id
WHERE e.organization_id = :organization_id AND k.organization_id = :organization_id AND k.email = :email
    AND e.state IN ('ready', 'active', 'paused') AND (:campaign_id::uuid IS NULL OR e.campaign_id = :campaign_id);
