-- name: intents(organization_id, type, campaign_id, person_id, before_at, before_id, count)
-- A page of intents, newest first, with the names of the person, their company and the campaign.
SELECT i.id, i.person_id, p.name AS person, p.email, o.name AS company, i.campaign_id, c.name AS campaign, i.type, i.note, i.occurred_at,
    i.created_by, i.created_at
FROM marketing.prospect_intents AS i
INNER JOIN people.master AS p ON p.organization_id = i.organization_id AND p.id = i.person_id
LEFT JOIN company.master AS o ON o.organization_id = p.organization_id AND o.id = p.company_id
LEFT JOIN marketing.campaigns AS c ON c.organization_id = i.organization_id AND c.campaign_id = i.campaign_id
WHERE i.organization_id = :organization_id
    AND (:type::text IS NULL OR i.type = :type::text)
    AND (:campaign_id::uuid IS NULL OR i.campaign_id = :campaign_id::uuid)
    AND (:person_id::uuid IS NULL OR i.person_id = :person_id::uuid)
    AND (:before_at::timestamptz IS NULL OR (i.occurred_at, i.id) < (:before_at::timestamptz, :before_id::uuid))
ORDER BY i.occurred_at DESC, i.id DESC
LIMIT :count;

-- name: intent(organization_id, id)^
-- The same of one.
SELECT i.id, i.person_id, p.name AS person, p.email, o.name AS company, i.campaign_id, c.name AS campaign, i.type, i.note, i.occurred_at,
    i.created_by, i.created_at
FROM marketing.prospect_intents AS i
INNER JOIN people.master AS p ON p.organization_id = i.organization_id AND p.id = i.person_id
LEFT JOIN company.master AS o ON o.organization_id = p.organization_id AND o.id = p.company_id
LEFT JOIN marketing.campaigns AS c ON c.organization_id = i.organization_id AND c.campaign_id = i.campaign_id
WHERE i.organization_id = :organization_id AND i.id = :id;

-- name: add_intent(organization_id, person_id, campaign_id, type, note, occurred_at)$
-- Keeps an intent; its id, none when the person has shown that already.
INSERT INTO marketing.prospect_intents (organization_id, person_id, campaign_id, type, note, occurred_at)
VALUES (:organization_id, :person_id, :campaign_id, :type, :note, coalesce(:occurred_at::timestamptz, now()))
ON CONFLICT (organization_id, person_id, campaign_id, type) DO NOTHING
RETURNING id;

-- name: same_intent(organization_id, person_id, campaign_id, type)$
-- The id of the one that is there already.
SELECT i.id FROM marketing.prospect_intents AS i
WHERE i.organization_id = :organization_id AND i.person_id = :person_id AND i.campaign_id IS NOT DISTINCT FROM :campaign_id::uuid AND i.type = :type;

-- name: delete_intent(organization_id, id)$
-- Takes away an intent that a person noted; its id, none when it is unknown.
DELETE FROM marketing.prospect_intents WHERE organization_id = :organization_id AND id = :id RETURNING id;

-- name: person_of(organization_id, id, email)$
-- The person with this id, or with this address; none when there is none.
SELECT p.id FROM people.master AS p
WHERE p.organization_id = :organization_id
    AND (
        p.id = :id::uuid
        OR p.id = (
            SELECT k.person_id FROM vault.contacts AS k
            WHERE k.organization_id = :organization_id AND k.email = :email::text
        )
    );

-- name: campaigns_with_intents(organization_id)
-- The campaigns that intents name, by name.
SELECT c.campaign_id, c.name FROM marketing.campaigns AS c
WHERE c.organization_id = :organization_id
    AND EXISTS (SELECT FROM marketing.prospect_intents AS i WHERE i.organization_id = :organization_id AND i.campaign_id = c.campaign_id)
ORDER BY c.name LIMIT 200;
