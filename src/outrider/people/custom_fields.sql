-- name: custom_fields(organization_id)
-- Every field with what was counted of it: those in use in their order, then the archived.
SELECT
    f.id, f.key, f.label, f.type, f.options, f.position, f.archived_at IS NOT NULL AS is_archived, k.contacts, k.misfits, k.counted_at
FROM people.custom_fields AS f
LEFT JOIN people.contact_keys AS k ON k.organization_id = f.organization_id AND k.kind = 'field' AND k.name = f.key
WHERE f.organization_id = :organization_id
ORDER BY f.archived_at IS NOT NULL, f.position, f.id;

-- name: custom_field(organization_id, id)^
-- One field.
SELECT
    f.id, f.key, f.label, f.type, f.options, f.position, f.archived_at IS NOT NULL AS is_archived, k.contacts, k.misfits, k.counted_at
FROM people.custom_fields AS f
LEFT JOIN people.contact_keys AS k ON k.organization_id = f.organization_id AND k.kind = 'field' AND k.name = f.key
WHERE f.organization_id = :organization_id AND f.id = :id;

-- name: field_count(organization_id)$
-- How many fields there are.
SELECT count(*) FROM people.custom_fields WHERE organization_id = :organization_id;

-- name: add_field(organization_id, key, label, type, options)$
-- Makes a field behind the others and returns its id; none when the key has one.
INSERT INTO people.custom_fields (organization_id, key, label, type, options, position)
SELECT :organization_id, :key, :label, :type, :options::text[], coalesce(max(f.position) + 1, 0)
FROM people.custom_fields AS f WHERE f.organization_id = :organization_id
ON CONFLICT (organization_id, key) DO NOTHING
RETURNING id;

-- name: change_field(organization_id, id, label, type, options, position, is_archived)!
-- Changes a field.
UPDATE people.custom_fields SET
    label = :label, type = :type, options = :options::text[], position = :position,
    archived_at = CASE WHEN :is_archived::boolean THEN coalesce(archived_at, now()) END
WHERE organization_id = :organization_id AND id = :id;

-- name: found_keys(organization_id, count)
-- Keys that have no type: as last counted, and those of the newest two thousand contacts that were not there then.
WITH counted AS (
    SELECT k.name, k.contacts, k.proposed_type, k.samples, k.counted_at FROM people.contact_keys AS k
    WHERE k.organization_id = :organization_id AND k.kind = 'field'
),
newest AS (
    SELECT c.custom_fields FROM vault.contacts AS c WHERE c.organization_id = :organization_id ORDER BY c.contact_id DESC LIMIT 2000
),
fresh AS (
    SELECT f.key AS name, array_agg(DISTINCT left(f.value, 100)) AS samples, people.f_proposed_type(array_agg(f.value)) AS proposed_type
    FROM newest AS n CROSS JOIN LATERAL jsonb_each_text(n.custom_fields) AS f
    WHERE f.value <> '' AND length(f.key) BETWEEN 1 AND 500 GROUP BY f.key
)
SELECT a.name, a.contacts, a.proposed_type, a.samples, a.counted_at FROM (
    SELECT c.name, c.contacts, c.proposed_type, c.samples, c.counted_at FROM counted AS c
    UNION ALL
    SELECT
        f.name, NULL, f.proposed_type,
        to_jsonb(trim_array(f.samples, greatest(cardinality(f.samples) - CASE f.proposed_type WHEN 'select' THEN 12 ELSE 3 END, 0))), NULL
    FROM fresh AS f WHERE f.name NOT IN (SELECT c.name FROM counted AS c)
) AS a
WHERE NOT EXISTS (SELECT FROM people.custom_fields AS t WHERE t.organization_id = :organization_id AND t.key = a.name)
ORDER BY a.contacts DESC NULLS FIRST, a.name LIMIT :count;

-- name: tags(organization_id, part, count)
-- Tags that hold a text, the most used first.
SELECT k.name FROM people.contact_keys AS k
WHERE k.organization_id = :organization_id AND k.kind = 'tag' AND position(kit.f_fold(:part) IN kit.f_fold(k.name)) > 0
ORDER BY k.contacts DESC, k.name LIMIT :count;

-- name: remember_tags(organization_id, tags)!
-- Has tags offered that were just given, before they are counted.
INSERT INTO people.contact_keys (organization_id, kind, name, contacts)
SELECT :organization_id, 'tag', t.name, 0 FROM unnest(:tags::text[]) AS t (name)
ON CONFLICT (organization_id, kind, name) DO NOTHING;

-- name: forget_counts(organization_id)!
-- Forgets what was counted.
DELETE FROM people.contact_keys WHERE organization_id = :organization_id;

-- name: count_fields(organization_id)$
-- Counts who holds which key, how many values do not fit the key's type, and what the newest values look like; returns how many keys.
WITH held AS (
    SELECT f.key AS name, count(*) AS contacts, count(*) FILTER (WHERE NOT people.f_fits(t.type, t.options, f.value)) AS misfits
    FROM vault.contacts AS c
    CROSS JOIN LATERAL jsonb_each_text(c.custom_fields) AS f
    LEFT JOIN people.custom_fields AS t ON t.organization_id = :organization_id AND t.key = f.key
    WHERE c.organization_id = :organization_id AND f.value <> '' AND length(f.key) BETWEEN 1 AND 500
    GROUP BY f.key
),
newest AS (
    SELECT c.custom_fields FROM vault.contacts AS c WHERE c.organization_id = :organization_id ORDER BY c.contact_id DESC LIMIT 20000
),
looked AS (
    SELECT f.key AS name, people.f_proposed_type(array_agg(f.value)) AS proposed_type, array_agg(DISTINCT left(f.value, 100)) AS samples
    FROM newest AS n CROSS JOIN LATERAL jsonb_each_text(n.custom_fields) AS f
    WHERE f.value <> '' AND length(f.key) BETWEEN 1 AND 500 GROUP BY f.key
),
kept AS (
    INSERT INTO people.contact_keys (organization_id, kind, name, contacts, misfits, proposed_type, samples)
    SELECT :organization_id, 'field', h.name, h.contacts, h.misfits, coalesce(l.proposed_type, 'text'),
        coalesce(to_jsonb(trim_array(l.samples, greatest(cardinality(l.samples) - CASE l.proposed_type WHEN 'select' THEN 12 ELSE 3 END, 0))), '[]')
    FROM held AS h LEFT JOIN looked AS l ON l.name = h.name
    ON CONFLICT (organization_id, kind, name) DO UPDATE SET
    contacts = excluded.contacts, misfits = excluded.misfits, proposed_type = excluded.proposed_type, samples = excluded.samples,
    counted_at = excluded.counted_at
    RETURNING 1
)
SELECT count(*) FROM kept;

-- name: count_tags(organization_id)$
-- Counts who carries which tag; returns how many tags.
WITH carried AS (
    SELECT t.tag AS name, count(*) AS contacts
    FROM vault.contacts AS c CROSS JOIN LATERAL jsonb_array_elements_text(c.tags) AS t (tag)
    WHERE c.organization_id = :organization_id AND c.tags <> '[]' AND length(t.tag) BETWEEN 1 AND 500
    GROUP BY t.tag
),
kept AS (
    INSERT INTO people.contact_keys (organization_id, kind, name, contacts)
    SELECT :organization_id, 'tag', c.name, c.contacts FROM carried AS c
    ON CONFLICT (organization_id, kind, name) DO UPDATE SET contacts = excluded.contacts, counted_at = excluded.counted_at
    RETURNING 1
)
SELECT count(*) FROM kept;
