-- name: recipient(organization_id, message_id)^
-- Whom a message went to, for which campaign, and who sent it.
SELECT m.recipient AS email, m.campaign_id, m.enrollment_id, c.name AS campaign, o.name AS organization
FROM sending.messages AS m
INNER JOIN marketing.campaigns AS c ON c.organization_id = m.organization_id AND c.campaign_id = m.campaign_id
INNER JOIN tenancy.organizations AS o ON o.id = m.organization_id
WHERE m.organization_id = :organization_id AND m.id = :message_id;
