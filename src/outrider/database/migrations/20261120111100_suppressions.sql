-- Who is never written to again, and how the database asks (BEHAVIOUR 7; docs/sending.md).
SET LOCAL lock_timeout = '5s';

-- Who is never written to again. `value` is the address or domain; it goes when the person is erased, and the keyed hash stays. With a
-- campaign, only that one is meant. No caller can send past it: the claim asks.
CREATE TABLE sending.suppressions (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    value text,
    value_hash bytea NOT NULL,
    campaign_id uuid,
    reason text NOT NULL,
    note text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suppressions_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT suppressions_key UNIQUE NULLS NOT DISTINCT (organization_id, value_hash, campaign_id),
    CONSTRAINT suppressions_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT suppressions_kind_check CHECK (kind IN ('address', 'domain')),
    CONSTRAINT suppressions_value_check CHECK (value = lower(btrim(value))),
    CONSTRAINT suppressions_reason_check CHECK (reason IN ('unsubscribe', 'bounce', 'complaint', 'manual', 'import', 'erasure'))
);
CREATE INDEX idx_suppressions_value ON sending.suppressions (organization_id, value);
CREATE INDEX idx_suppressions_campaign ON sending.suppressions (organization_id, campaign_id);
CALL kit.f_protect('sending.suppressions');
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.suppressions TO outrider_app;

-- What an international domain's label such as xn--bcher-kva stands for (RFC 3492): bücher. One that stands for nothing stays as it is.
CREATE FUNCTION sending.f_label(p_label text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_plain text := coalesce(substring(p_label FROM '^xn--(.*)-'), '');
    v_digits text := substring(p_label FROM '([^-]*)$');
    v_points integer[] := ARRAY(SELECT ascii(c.letter) FROM string_to_table(v_plain, NULL) AS c (letter));
    v_point bigint := 128;
    v_at bigint := 0;
    v_bias integer := 72;
    v_next integer := 1;
    v_before bigint;
    v_weight bigint;
    v_step integer;
    v_digit integer;
    v_limit integer;
    v_delta bigint;
BEGIN
    IF length(p_label) > 63 OR v_digits !~ '^[a-z0-9]+$' THEN
        RETURN p_label;
    END IF;
    WHILE v_next <= length(v_digits) LOOP
        v_before := v_at; v_weight := 1; v_step := 36;
        LOOP
            IF v_next > length(v_digits) OR v_weight > 1000000000 THEN
                RETURN p_label;
            END IF;
            v_digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', substr(v_digits, v_next, 1)) - 1;
            v_next := v_next + 1;
            v_at := v_at + v_digit * v_weight;
            v_limit := greatest(1, least(26, v_step - v_bias));
            EXIT WHEN v_digit < v_limit;
            v_weight := v_weight * (36 - v_limit);
            v_step := v_step + 36;
        END LOOP;
        v_delta := (v_at - v_before) / CASE v_before WHEN 0 THEN 700 ELSE 2 END;
        v_delta := v_delta + v_delta / (cardinality(v_points) + 1);
        v_bias := 0;
        WHILE v_delta > 455 LOOP
            v_delta := v_delta / 35;
            v_bias := v_bias + 36;
        END LOOP;
        v_bias := v_bias + 36 * v_delta / (v_delta + 38);
        v_point := v_point + v_at / (cardinality(v_points) + 1);
        v_at := v_at % (cardinality(v_points) + 1);
        IF v_point > 1114111 OR v_point BETWEEN 55296 AND 57343 THEN
            RETURN p_label;
        END IF;
        v_points := v_points[:v_at] || v_point::integer || v_points[v_at + 1:];
        v_at := v_at + 1;
    END LOOP;
    RETURN (SELECT string_agg(chr(p.point), '' ORDER BY p.place) FROM unnest(v_points) WITH ORDINALITY AS p (point, place));
END $$;
GRANT EXECUTE ON FUNCTION sending.f_label(text) TO outrider_app;

-- An address or domain in the one spelling that all of its spellings have: lower case, international domains in their own letters.
CREATE FUNCTION sending.f_spelling(p_value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(substring(v.value FROM '^.*@'), '') || lower(normalize(string_agg(
        CASE WHEN l.label LIKE 'xn--%' THEN sending.f_label(l.label) ELSE l.label END, '.' ORDER BY l.place
    ), NFKC))
    FROM (SELECT lower(normalize(btrim(p_value), NFKC)) AS value) AS v
    CROSS JOIN LATERAL string_to_table(substring(v.value FROM '[^@]*$'), '.') WITH ORDINALITY AS l (label, place)
    GROUP BY v.value
);
GRANT EXECUTE ON FUNCTION sending.f_spelling(text) TO outrider_app;

-- An address or domain as suppressions keep it when the plain text is gone: keyed with what the application says in its transaction, so
-- that nobody can try addresses against a copy of the database. Raises 55000 when the transaction does not say it.
CREATE FUNCTION sending.f_hash(p_value text) RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    v_key bytea := decode(nullif(current_setting('app.suppression_key', true), ''), 'hex');
    v_value text := lower(btrim(p_value));
BEGIN
    IF v_key IS NULL THEN
        RAISE EXCEPTION 'app.suppression_key is not set in this transaction' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF strpos(v_value, 'xn--') > 0 OR octet_length(v_value) > length(v_value) THEN
        v_value := sending.f_spelling(v_value);
    END IF;
    RETURN sha256(v_key || sha256(v_key || convert_to(v_value, 'UTF8')));
END $$;
GRANT EXECUTE ON FUNCTION sending.f_hash(text) TO outrider_app;

-- Why an address may not be written to, NULL when it may: by itself, by its domain, for everything or for the campaign.
CREATE FUNCTION sending.f_suppressed(p_email text, p_campaign uuid) RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT s.reason FROM sending.suppressions AS s
    WHERE s.organization_id = kit.f_organization()
        AND s.value_hash IN (sending.f_hash(p_email), sending.f_hash(split_part(p_email, '@', 2)))
        AND (s.campaign_id IS NULL OR s.campaign_id = p_campaign)
    ORDER BY s.campaign_id NULLS FIRST, s.id LIMIT 1
);
GRANT EXECUTE ON FUNCTION sending.f_suppressed(text, uuid) TO outrider_app;

-- Whether a person unsubscribed with any of their addresses: then none of them is written to.
CREATE FUNCTION sending.f_has_refused(p_person uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM vault.contacts AS c
    WHERE c.organization_id = kit.f_organization() AND c.person_id = p_person AND c.status = 'unsubscribed' OFFSET 0
);
GRANT EXECUTE ON FUNCTION sending.f_has_refused(uuid) TO outrider_app;
