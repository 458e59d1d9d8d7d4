-- Notes on people and companies, editing an address, and what a company's timeline is read by.
SET LOCAL lock_timeout = '5s';

-- What somebody wrote about a person or a company: plain text. Deleted is hidden: it can be brought back. Who writes is never given but
-- taken from the transaction.
CREATE TABLE people.notes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid,
    company_id uuid,
    body text NOT NULL,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_by text,
    edited_at timestamptz,
    deleted_by text,
    deleted_at timestamptz,
    CONSTRAINT notes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT notes_subject_check CHECK (num_nonnulls(person_id, company_id) = 1),
    CONSTRAINT notes_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    CONSTRAINT notes_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT notes_company_fkey FOREIGN KEY (organization_id, company_id) REFERENCES company.master (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_notes_person ON people.notes (organization_id, person_id, id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX idx_notes_company ON people.notes (organization_id, company_id, id DESC) WHERE company_id IS NOT NULL;
CALL kit.f_protect('people.notes');
GRANT SELECT, INSERT (organization_id, person_id, company_id, body) ON people.notes TO outrider_app;
GRANT UPDATE (body, edited_by, edited_at, deleted_by, deleted_at) ON people.notes TO outrider_app;

-- A company's timeline: who came to it, newest first, and what loads said of it.
CREATE INDEX idx_affiliations_company_created ON people.affiliations (organization_id, company_id, created_at DESC, id)
WHERE company_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX people.idx_affiliations_company;
CREATE INDEX idx_company_slot_domain ON company.slot (organization_id, domain, id);

-- A person's edit of one address: tags added and taken off, custom fields set (null takes one away). What stood before is in its history.
-- p_seen is {custom field: value} as the editor saw them. Returns done, not_found, or changed: one of them is something else by now.
CREATE FUNCTION vault.f_edit_contact(p_email text, p_add text[], p_remove text[], p_fields jsonb, p_seen jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_old vault.contacts;
BEGIN
    SELECT * INTO v_old FROM vault.contacts WHERE organization_id = v_organization AND email = p_email FOR UPDATE;
    IF v_old.contact_id IS NULL THEN
        RETURN 'not_found';
    ELSIF EXISTS (
        SELECT FROM jsonb_each_text(p_seen) AS s WHERE coalesce(v_old.custom_fields ->> s.key, '') <> coalesce(s.value, '')
    ) THEN
        RETURN 'changed';
    END IF;
    UPDATE vault.contacts AS c SET tags = n.tags, custom_fields = n.custom_fields, provenance = n.provenance
    FROM (
        SELECT
            (
                SELECT coalesce(jsonb_agg(t.tag ORDER BY t.is_new, t.place), '[]') FROM (
                    SELECT o.tag, false AS is_new, o.place
                    FROM jsonb_array_elements(v_old.tags) WITH ORDINALITY AS o (tag, place) WHERE o.tag #>> '{}' <> ALL (p_remove)
                    UNION ALL
                    SELECT to_jsonb(a.tag), true, min(a.place)
                    FROM unnest(p_add) WITH ORDINALITY AS a (tag, place) WHERE NOT v_old.tags ? a.tag GROUP BY a.tag
                ) AS t
            ) AS tags,
            (v_old.custom_fields || p_fields) - ARRAY(SELECT f.key FROM jsonb_each(p_fields) AS f WHERE f.value = 'null') AS custom_fields,
            CASE WHEN p_fields = '{}' THEN v_old.provenance ELSE v_old.provenance - 'custom_fields' END AS provenance
    ) AS n
    WHERE c.organization_id = v_organization AND c.contact_id = v_old.contact_id
        AND (c.tags, c.custom_fields) IS DISTINCT FROM (n.tags, n.custom_fields);
    RETURN 'done';
END $$;
GRANT EXECUTE ON FUNCTION vault.f_edit_contact(text, text[], text[], jsonb, jsonb) TO outrider_app;

-- Takes a decision about a conflict back: what waited waits again, and where the decision linked the person to the company and they are
-- still there, they return to where they were. Returns reopened, or why nothing came of it: not_found, not_decided.
CREATE FUNCTION people.f_reopen_slot(p_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_slot people.slot;
BEGIN
    SELECT * INTO v_slot FROM people.slot WHERE organization_id = v_organization AND id = p_id FOR UPDATE;
    IF v_slot.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_slot.decided_at IS NULL OR 'import_reverted' = ANY (v_slot.reasons) THEN
        RETURN 'not_decided';
    END IF;
    IF v_slot.validation_status = 'validated' THEN
        UPDATE people.master AS m SET company_id = (h.old_values ->> 'company_id')::uuid, provenance = m.provenance - 'company_id'
        FROM vault.contacts AS c, people.history AS h
        WHERE c.organization_id = v_organization AND c.email = v_slot.email AND m.organization_id = v_organization AND m.id = c.person_id
            AND h.organization_id = v_organization AND h.person_id = m.id AND h.changed_at = v_slot.decided_at AND h.changed_by = v_slot.decided_by
            AND h.new_values ->> 'company_id' = m.company_id::text;
    END IF;
    UPDATE people.slot AS s SET validation_status = 'pending', promoted_at = NULL, decided_by = NULL, decided_at = NULL
    WHERE s.organization_id = v_organization AND s.issue = 'conflict' AND s.email = v_slot.email AND s.decided_at = v_slot.decided_at
        AND (s.id = p_id OR s.load_id IN (SELECT l.load_id FROM intake.raw_loads AS l WHERE l.organization_id = v_organization AND l.email = v_slot.email));
    RETURN 'reopened';
END $$;
GRANT EXECUTE ON FUNCTION people.f_reopen_slot(uuid) TO outrider_app;
