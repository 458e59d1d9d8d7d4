-- name: person(organization_id, id, email)$
-- Who has this id, or this address; nothing for nobody.
SELECT m.id FROM people.master AS m
WHERE m.organization_id = :organization_id AND m.id = coalesce(
    :id::uuid,
    (SELECT c.person_id FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.email = :email::text),
    (SELECT p.id FROM people.master AS p WHERE p.organization_id = :organization_id AND p.email = :email::text)
);

-- name: add(organization_id, person_id, type, converted_at, value, currency, note)$
-- Records a conversion and returns its id; nothing when it is recorded already.
INSERT INTO marketing.conversions (organization_id, person_id, type, converted_at, value, currency, note)
VALUES (:organization_id, :person_id, :type, :converted_at, :value, :currency, :note)
ON CONFLICT (organization_id, person_id, type, converted_at) DO NOTHING
RETURNING id;

-- name: get(organization_id, id)^
-- One conversion; nothing for none.
SELECT c.id, c.person_id, p.name, p.email, c.type, c.converted_at, c.value, c.currency, c.note, c.created_by, c.created_at, 1::float AS share,
    c.value AS worth
FROM marketing.conversions AS c
INNER JOIN people.master AS p ON p.organization_id = c.organization_id AND p.id = c.person_id
WHERE c.organization_id = :organization_id AND c.id = :id;

-- name: delete(organization_id, id)!
-- Takes a conversion away.
DELETE FROM marketing.conversions AS c WHERE c.organization_id = :organization_id AND c.id = :id;

-- name: touches(organization_id, id, days)
-- The touches of the last days before a conversion, the first one first.
SELECT t.campaign_id, g.name AS campaign, t.channel, t.type, t.message_id, t.touched_at, t.place, t.places
FROM marketing.f_touches(:days) AS t
LEFT JOIN marketing.campaigns AS g ON g.organization_id = t.organization_id AND g.campaign_id = t.campaign_id
WHERE t.organization_id = :organization_id AND t.conversion_id = :id
ORDER BY t.place;

-- name: by_campaign(organization_id, model, days, type, since, until)
-- How many conversions each campaign led to, by one model, and what they were worth in each currency. Shares of a conversion sum to one,
-- their worths to its value; a
-- campaign of NULL stands for those that nothing of ours led to. Days are of the organization's zone; NULL asks nothing.
WITH credits AS (
    SELECT
        c.id, c.person_id, c.type, c.currency, t.campaign_id, sum(marketing.f_share(:model, t.place, t.places)) AS share,
        sum(marketing.f_worth(c.value, :model, t.place, t.places)) AS worth
    FROM tenancy.organizations AS o
    INNER JOIN marketing.conversions AS c ON c.organization_id = o.id
    LEFT JOIN marketing.f_touches(:days) AS t ON t.organization_id = c.organization_id AND t.conversion_id = c.id
    WHERE o.id = :organization_id
        AND (:type::text IS NULL OR c.type = :type::text)
        AND (:since::date IS NULL OR c.converted_at >= :since::date::timestamp AT TIME ZONE o.time_zone)
        AND (:until::date IS NULL OR c.converted_at < (:until::date + 1)::timestamp AT TIME ZONE o.time_zone)
    GROUP BY c.id, c.person_id, c.type, c.currency, t.campaign_id
),
money AS (
    SELECT c.campaign_id, c.currency, round(sum(c.worth), 2) AS value
    FROM credits AS c WHERE c.share > 0 AND c.currency IS NOT NULL GROUP BY c.campaign_id, c.currency
)
SELECT
    c.campaign_id, g.name, sum(c.share)::float AS conversions, count(DISTINCT c.person_id) AS people,
    jsonb_build_object(
        'meeting', coalesce(sum(c.share) FILTER (WHERE c.type = 'meeting'), 0)::float,
        'demo', coalesce(sum(c.share) FILTER (WHERE c.type = 'demo'), 0)::float,
        'signup', coalesce(sum(c.share) FILTER (WHERE c.type = 'signup'), 0)::float,
        'sale', coalesce(sum(c.share) FILTER (WHERE c.type = 'sale'), 0)::float
    ) AS types,
    (
        SELECT coalesce(jsonb_object_agg(m.currency, m.value::text), '{}') FROM money AS m WHERE m.campaign_id IS NOT DISTINCT FROM c.campaign_id
    ) AS money
FROM credits AS c
LEFT JOIN marketing.campaigns AS g ON g.organization_id = :organization_id AND g.campaign_id = c.campaign_id
WHERE c.share > 0
GROUP BY c.campaign_id, g.name
ORDER BY sum(c.share) DESC, g.name, c.campaign_id;

-- name: page(organization_id, model, days, type, since, until, campaign_id, is_untouched, currency, at, id, count)
-- A page of conversions with the share of each that the campaign has (all of it without a campaign), newest first, before the one at (at, id).
-- is_untouched: those that nothing of ours led to.
WITH credits AS (
    SELECT
        c.id, c.person_id, c.type, c.converted_at, c.value, c.currency, c.note, c.created_by, c.created_at,
        sum(marketing.f_share(:model, t.place, t.places)) FILTER (WHERE t.campaign_id = :campaign_id::uuid) AS share,
        sum(marketing.f_worth(c.value, :model, t.place, t.places)) FILTER (WHERE t.campaign_id = :campaign_id::uuid) AS worth,
        count(t.conversion_id) AS touches
    FROM tenancy.organizations AS o
    INNER JOIN marketing.conversions AS c ON c.organization_id = o.id
    LEFT JOIN marketing.f_touches(:days) AS t ON t.organization_id = c.organization_id AND t.conversion_id = c.id
    WHERE o.id = :organization_id
        AND (:type::text IS NULL OR c.type = :type::text)
        AND (:currency::text IS NULL OR c.currency = :currency::text)
        AND (:since::date IS NULL OR c.converted_at >= :since::date::timestamp AT TIME ZONE o.time_zone)
        AND (:until::date IS NULL OR c.converted_at < (:until::date + 1)::timestamp AT TIME ZONE o.time_zone)
        AND (:at::timestamptz IS NULL OR (c.converted_at, c.id) < (:at::timestamptz, :id::uuid))
    GROUP BY c.organization_id, c.id
)
SELECT
    c.id, c.person_id, p.name, p.email, c.type, c.converted_at, c.value, c.currency, c.note, c.created_by, c.created_at,
    coalesce(c.share, 1)::float AS share, coalesce(c.worth, c.value) AS worth
FROM credits AS c
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = c.person_id
WHERE (:campaign_id::uuid IS NULL OR c.share > 0) AND (NOT :is_untouched::boolean OR c.touches = 0)
ORDER BY c.converted_at DESC, c.id DESC LIMIT :count;
