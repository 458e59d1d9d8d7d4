-- What somebody said themselves, or a mail server said of an address, is not taken back by an edit, nor by undoing one.
SET LOCAL lock_timeout = '5s';

-- How many addresses an edit left at their status, since that holds.
ALTER TABLE people.bulk_edits ADD COLUMN held bigint NOT NULL DEFAULT 0;

-- Whether an address has to stay unsubscribed or bounced: as long as it is suppressed for everything, which ends when somebody takes the
-- suppression away. What bounced may still be unsubscribed.
CREATE FUNCTION vault.f_holds_status(p_email text, p_status text, p_wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN p_wanted <> p_status AND (p_status = 'unsubscribed' OR (p_status = 'bounced' AND p_wanted <> 'unsubscribed'))
    AND EXISTS (
        SELECT FROM sending.suppressions AS s
        WHERE s.organization_id = kit.f_organization() AND s.value = p_email AND s.kind = 'address' AND s.campaign_id IS NULL
    );

-- Changes tags, custom fields and status of addresses, and notes what was there. Of a person's addresses (p_by_person) the primary one gets
-- what is added, unless another carries the tag already; what is taken away is taken from all. Returns the ids of the people they belong to
-- (p_by_person), else none; and how many addresses were changed. A status that holds stays, and is counted in the edit.
CREATE OR REPLACE FUNCTION vault.f_bulk_change(
    p_bulk_id uuid, p_contacts bigint[], p_by_person boolean, p_changes jsonb, OUT people uuid[], OUT addresses bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_add text[] := ARRAY(SELECT jsonb_array_elements_text(p_changes -> 'add_tags'));
    v_remove text[] := ARRAY(SELECT jsonb_array_elements_text(p_changes -> 'remove_tags'));
    v_status text := CASE WHEN NOT p_by_person THEN p_changes -> 'set' ->> 'status' END;
    v_held bigint[] := '{}';
BEGIN
    -- A statement of its own: what follows then sees what was said while this waited for the rows.
    PERFORM FROM vault.contacts AS t WHERE t.organization_id = v_organization AND t.contact_id = ANY (p_contacts) ORDER BY t.contact_id FOR NO KEY UPDATE;
    IF v_status IS NOT NULL THEN
        v_held := ARRAY(
            SELECT t.contact_id FROM vault.contacts AS t
            WHERE t.organization_id = v_organization AND t.contact_id = ANY (p_contacts) AND vault.f_holds_status(t.email, t.status, v_status)
        );
        UPDATE people.bulk_edits AS e SET held = e.held + cardinality(v_held)
        WHERE e.organization_id = v_organization AND e.id = p_bulk_id AND v_held <> '{}';
    END IF;
    WITH target AS MATERIALIZED (
        SELECT t.contact_id, t.person_id, t.email, t.tags, t.custom_fields, t.status, t.provenance
        FROM vault.contacts AS t
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (p_contacts)
    ),
    owned AS MATERIALIZED (
        SELECT t.*, CASE WHEN p_by_person THEN t.person_id::text ELSE t.contact_id::text END AS owner,
            NOT p_by_person
            OR row_number() OVER (PARTITION BY t.person_id ORDER BY coalesce(t.email = m.email, false) DESC, t.contact_id) = 1 AS is_main
        FROM target AS t
        LEFT JOIN people.master AS m ON m.organization_id = v_organization AND m.id = t.person_id
    ),
    change AS MATERIALIZED (
        SELECT o.contact_id, 'tag' AS field, a.tag AS key, 'false'::jsonb AS old_value, 'true'::jsonb AS new_value, NULL::bigint AS load_id
        FROM owned AS o CROSS JOIN unnest(v_add) AS a (tag)
        WHERE o.is_main AND NOT EXISTS (SELECT FROM owned AS s WHERE s.owner = o.owner AND s.tags ? a.tag)
        UNION ALL
        SELECT o.contact_id, 'tag', r.tag, 'true', 'false', NULL
        FROM owned AS o CROSS JOIN unnest(v_remove) AS r (tag)
        WHERE o.tags ? r.tag
        UNION ALL
        SELECT o.contact_id, 'custom', f.key, coalesce(o.custom_fields -> f.key, 'null'), f.value, (o.provenance ->> 'custom_fields')::bigint
        FROM owned AS o CROSS JOIN LATERAL jsonb_each(coalesce(p_changes -> 'custom_fields', '{}')) AS f
        WHERE (o.is_main OR f.value = 'null') AND coalesce(o.custom_fields -> f.key, 'null') <> f.value
        UNION ALL
        SELECT o.contact_id, 'status', '', to_jsonb(o.status), to_jsonb(v_status), (o.provenance ->> 'status')::bigint
        FROM owned AS o WHERE o.status <> v_status AND o.contact_id <> ALL (v_held)
    ),
    result AS MATERIALIZED (
        SELECT
            c.contact_id,
            coalesce(jsonb_agg(c.key ORDER BY array_position(v_add, c.key)) FILTER (WHERE c.field = 'tag' AND c.new_value = 'true'), '[]') AS added,
            coalesce(array_agg(c.key) FILTER (WHERE c.field = 'tag' AND c.new_value = 'false'), '{}') AS removed,
            coalesce(jsonb_object_agg(c.key, c.new_value) FILTER (WHERE c.field = 'custom' AND c.new_value <> 'null'), '{}') AS set_fields,
            coalesce(array_agg(c.key) FILTER (WHERE c.field = 'custom' AND c.new_value = 'null'), '{}') AS cleared,
            bool_or(c.field = 'custom') AS has_fields
        FROM change AS c GROUP BY c.contact_id
    ),
    edited AS (
        UPDATE vault.contacts AS t SET
            tags = (t.tags - r.removed) || r.added, custom_fields = (t.custom_fields - r.cleared) || r.set_fields,
            status = CASE WHEN t.contact_id = ANY (v_held) THEN t.status ELSE coalesce(v_status, t.status) END,
            provenance = CASE WHEN r.has_fields THEN t.provenance - 'custom_fields' ELSE t.provenance END
        FROM result AS r
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT x.contact_id FROM result AS x)) AND t.contact_id = r.contact_id
        RETURNING t.person_id
    ),
    noted AS (
        INSERT INTO people.bulk_changes (organization_id, bulk_id, contact_id, field, key, old_value, new_value, load_id)
        SELECT v_organization, p_bulk_id, c.contact_id, c.field, c.key, c.old_value, c.new_value, c.load_id FROM change AS c ORDER BY c.contact_id
    )
    SELECT coalesce(array_agg(DISTINCT e.person_id) FILTER (WHERE p_by_person), '{}'), count(*) INTO people, addresses FROM edited AS e;
END $$;

-- The same of addresses: a tag that was added and is still there goes, one that was taken away and is not there comes back. A
-- status that holds stays.
CREATE OR REPLACE FUNCTION vault.f_bulk_put_back(p_changes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_put bigint[];
BEGIN
    PERFORM FROM vault.contacts AS t WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(
        SELECT b.contact_id FROM people.bulk_changes AS b WHERE b.organization_id = v_organization AND b.change_id = ANY (p_changes)
    )) ORDER BY t.contact_id FOR NO KEY UPDATE;
    WITH batch AS MATERIALIZED (
        SELECT b.* FROM people.bulk_changes AS b
        WHERE b.organization_id = v_organization AND b.change_id = ANY (p_changes) AND b.contact_id IS NOT NULL
    ),
    now AS MATERIALIZED (
        SELECT t.contact_id, t.email, t.tags, t.custom_fields, t.status, t.title FROM vault.contacts AS t
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT b.contact_id FROM batch AS b))
    ),
    fit AS MATERIALIZED (
        SELECT b.change_id, b.contact_id, b.field, b.key, b.old_value, b.load_id FROM batch AS b
        INNER JOIN now AS n ON n.contact_id = b.contact_id AND b.new_value = CASE b.field
            WHEN 'tag' THEN to_jsonb(n.tags ? b.key)
            WHEN 'custom' THEN coalesce(n.custom_fields -> b.key, 'null')
            WHEN 'status' THEN to_jsonb(n.status)
            ELSE coalesce(to_jsonb(n.title), 'null')
        END
        WHERE b.field <> 'status' OR NOT vault.f_holds_status(n.email, n.status, b.old_value #>> '{}')
    ),
    before AS (
        SELECT
            f.contact_id,
            coalesce(jsonb_agg(f.key ORDER BY f.change_id) FILTER (WHERE f.field = 'tag' AND f.old_value = 'true'), '[]') AS tags_back,
            coalesce(array_agg(f.key) FILTER (WHERE f.field = 'tag' AND f.old_value = 'false'), '{}') AS tags_gone,
            coalesce(jsonb_object_agg(f.key, f.old_value) FILTER (WHERE f.field = 'custom' AND f.old_value <> 'null'), '{}') AS fields_back,
            coalesce(array_agg(f.key) FILTER (WHERE f.field = 'custom' AND f.old_value = 'null'), '{}') AS fields_gone,
            max(f.old_value #>> '{}') FILTER (WHERE f.field = 'status') AS status,
            bool_or(f.field = 'title') AS has_title, max(f.old_value #>> '{}') FILTER (WHERE f.field = 'title') AS title,
            coalesce(jsonb_object_agg(
                CASE f.field WHEN 'custom' THEN 'custom_fields' ELSE f.field END, f.load_id
            ) FILTER (WHERE f.load_id IS NOT NULL), '{}') AS loads
        FROM fit AS f GROUP BY f.contact_id
    ),
    put AS (
        UPDATE vault.contacts AS t SET
            tags = (t.tags - b.tags_gone) || b.tags_back, custom_fields = (t.custom_fields - b.fields_gone) || b.fields_back,
            status = coalesce(b.status, t.status), title = CASE WHEN b.has_title THEN b.title ELSE t.title END, provenance = t.provenance || b.loads
        FROM before AS b
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT f.contact_id FROM fit AS f)) AND t.contact_id = b.contact_id
    )
    SELECT coalesce(array_agg(f.change_id), '{}') INTO v_put FROM fit AS f;
    RETURN v_put;
END $$;
