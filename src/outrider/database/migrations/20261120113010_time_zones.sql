-- In which time zone somebody is: what `resolve` asks to keep to the recipient's own hours (BEHAVIOUR 7, windows).
SET LOCAL lock_timeout = '5s';

-- The IANA time zones, filled by every `outrider migrate` as intake.country_names is; no tenant's data. `country_code`: the country whose clocks
-- all show this one's time, so that whoever is there is in it; NULL for zones of countries with several times.
CREATE TABLE marketing.time_zones (
    name text NOT NULL,
    country_code text,
    CONSTRAINT time_zones_pkey PRIMARY KEY (name),
    CONSTRAINT time_zones_country_key UNIQUE (country_code),
    CONSTRAINT time_zones_country_check CHECK (country_code ~ '^[A-Z]{2}$')
);
CREATE UNIQUE INDEX idx_time_zones_name ON marketing.time_zones (lower(name));

-- The time zones of those of these people of whom it is known: what a field of theirs named time_zone or timezone says, the primary address's
-- first; else their country's, where it has one time.
CREATE FUNCTION marketing.f_time_zones(p_people uuid[]) RETURNS TABLE (person_id uuid, time_zone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH said AS (
        SELECT DISTINCT ON (m.id) m.id, z.name
        FROM people.master AS m
        INNER JOIN vault.contacts AS c ON c.organization_id = kit.f_organization() AND c.person_id = m.id AND c.custom_fields <> '{}'
        CROSS JOIN LATERAL jsonb_each_text(c.custom_fields) AS f (key, value)
        INNER JOIN marketing.time_zones AS z ON lower(z.name) = lower(btrim(f.value))
        WHERE m.organization_id = kit.f_organization() AND m.id = ANY (p_people) AND lower(f.key) LIKE '%time%zone%'
            AND marketing.f_variable_name(f.key) IN ('time_zone', 'timezone')
        ORDER BY m.id, c.email <> m.email, c.contact_id
    )
    SELECT m.id, coalesce(s.name, z.name)
    FROM people.master AS m
    LEFT JOIN said AS s ON s.id = m.id
    LEFT JOIN marketing.time_zones AS z ON z.country_code = m.country_code
    WHERE m.organization_id = kit.f_organization() AND m.id = ANY (p_people) AND coalesce(s.name, z.name) IS NOT NULL;
END;
GRANT EXECUTE ON FUNCTION marketing.f_time_zones(uuid[]) TO outrider_app;
