-- Cleaning, as expressions that the planner can take apart (BEHAVIOUR 3, seed 003). None of them reads a tenant's table.
SET LOCAL lock_timeout = '5s';

-- White space of any kind to single spaces, ends trimmed; NULL for nothing and for a text of over 1,000 characters, which is no name,
-- title or address of anything (the raw load keeps it). Plain ASCII without doubled spaces passes at once.
CREATE FUNCTION intake.f_clean(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN length(p_text) > 1000 THEN NULL
    WHEN p_text ~ '[^!-~ ]|  |^ | $' THEN nullif(
        btrim(replace(translate(p_text, E'\t\n\r\f\u000b\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\ufeff', '         '), '  ', ' ')), ''
    )
    ELSE nullif(p_text, '')
END;

-- Whether a value only says that nothing is known.
CREATE FUNCTION intake.f_is_placeholder(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(p_text) < 12 AND lower(p_text) IN (
    'n/a', '#n/a', 'na.', '-', '--', '---', '.', '?', 'null', 'none', 'nil', 'undefined', 'unknown', 'not set', '(blank)', 'no name', 'test',
    'test test', 'first name', 'last name', 'firstname', 'lastname', 'name', 'xxx', 'asdf', 'tbd'
);

-- A cleaned value, NULL for a placeholder.
CREATE FUNCTION intake.f_known(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN intake.f_is_placeholder(p_text) THEN NULL ELSE p_text END;

-- An address as it identifies somebody: out of "Name <address>" and "mailto:", trimmed, in lower case. NULL for nothing.
CREATE FUNCTION intake.f_address(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(
    lower(
        btrim(
            CASE
                WHEN length(p_text) > 1000 THEN left(p_text, 1000)
                WHEN position('<' IN p_text) > 0 THEN coalesce(substring(p_text FROM '<([^<>]*)>'), p_text)
                WHEN lower(p_text) LIKE '%mailto:%' THEN regexp_replace(p_text, '^.*mailto:', '', 'i')
                ELSE p_text
            END,
            E' \t\n\r\f\u000b\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\ufeff'
        )
    ), ''
);

-- Why an address cannot be used: no_email, bad_email, filtered_email (a whole local part such as noreply); NULL when it can.
CREATE FUNCTION intake.f_address_problem(p_address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_address IS NULL THEN 'no_email'
    WHEN length(p_address) NOT BETWEEN 5 AND 254
        OR strpos(p_address, '@') NOT BETWEEN 2 AND 65
        OR p_address !~ '^[^[:space:]@"(),:;<>\[\]\\]+@([[:alnum:]]([[:alnum:]-]*[[:alnum:]])?\.)+[[:alpha:]][[:alnum:]-]*[[:alnum:]]$'
        OR p_address LIKE '.%' OR p_address LIKE '%..%' OR p_address LIKE '%.@%' THEN 'bad_email'
    WHEN left(p_address, strpos(p_address, '@') - 1) IN (
        'noreply', 'no-reply', 'mailer-daemon', 'postmaster', 'hostmaster', 'abuse', 'spam', 'webmaster', 'test'
    ) THEN 'filtered_email'
END;

-- Whether the address is a desk's and not a person's.
CREATE FUNCTION intake.f_is_role_address(p_address text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(p_address, strpos(p_address, '@') - 1) IN (
    'info', 'contact', 'sales', 'admin', 'support', 'hello', 'office', 'general', 'team', 'help', 'helpdesk', 'billing', 'accounts',
    'accounting', 'finance', 'hr', 'jobs', 'careers', 'recruiting', 'marketing', 'press', 'media', 'pr', 'enquiries', 'inquiries',
    'enquiry', 'inquiry', 'mail', 'email', 'service', 'services', 'customerservice', 'reception', 'booking', 'bookings', 'reservations',
    'orders', 'order', 'shop', 'store', 'legal', 'privacy', 'it', 'kontakt', 'contacto', 'contato', 'bilgi', 'iletisim', 'ventas',
    'vertrieb', 'buchhaltung', 'accueil', 'secretariat', 'feedback', 'partners', 'events', 'newsletter'
);

-- The host of a web address or domain, in lower case without www.; NULL when there is none in it.
CREATE FUNCTION intake.f_domain(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(
    lower(btrim(p_text)) FROM
    '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?((?:[[:alnum:]](?:[[:alnum:]-]*[[:alnum:]])?\.)+[[:alpha:]][[:alnum:]-]*[[:alnum:]])\.?(?:[:/?#].*)?$'
);

-- Whether a domain gives addresses to anybody. The list holds the known ones; the big names count under any ending.
CREATE FUNCTION intake.f_is_free_mail_brand(p_domain text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(p_domain, '.', 1) IN (
    'gmail', 'googlemail', 'outlook', 'hotmail', 'yahoo', 'ymail', 'icloud', 'aol', 'gmx', 'protonmail'
);

-- Domains of places where companies have a page and not a home.
CREATE FUNCTION intake.f_is_shared_host(p_domain text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_domain IN (
    'linkedin.com', 'facebook.com', 'twitter.com', 'x.com', 'instagram.com', 'youtube.com', 'linktr.ee', 'crunchbase.com', 'medium.com',
    'github.com', 'sites.google.com', 'google.com/maps', 'tiktok.com', 'wa.me', 't.me'
) OR p_domain LIKE '%.linkedin.com' OR p_domain LIKE '%.facebook.com';

-- A first and a last name from what was given: explicit ones first, then the full name ("Last, First" turned), then first.last@ or
-- first_last@; never out of joined letters and never from a desk's address. Titles and degrees are taken off, particles stay with the
-- family name. One row.
CREATE FUNCTION people.f_names(p_name text, p_first text, p_last text, p_address text)
RETURNS TABLE (name text, first_name text, last_name text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        coalesce(t.full_name, nullif(concat_ws(' ', g.first_name, g.last_name), '')),
        g.first_name,
        g.last_name
    FROM (
        SELECT
            CASE
                WHEN p_first ~ '[. ]' THEN nullif(
                    regexp_replace(p_first, '^((dr|prof|mr|mrs|ms|miss|mx|sir|dame|herr|frau|ing|dipl-ing|mag|rev|hon)\.?\s+)+', '', 'i'), ''
                )
                ELSE p_first
            END AS first_name,
            CASE
                WHEN p_last ~ '[., ]' THEN nullif(
                    regexp_replace(p_last, '(,?\s+(jr|sr|ii|iii|iv|ph\.?d|m\.?d|mba|esq|cpa|msc|bsc|llm|pmp|dds|rn)\.?)+$', '', 'i'), ''
                )
                ELSE p_last
            END AS last_name,
            CASE
                WHEN p_name IS NULL THEN NULL
                ELSE regexp_replace(
                    regexp_replace(p_name, '^((dr|prof|mr|mrs|ms|miss|mx|sir|dame|herr|frau|ing|dipl-ing|mag|rev|hon)\.?\s+)+', '', 'i'),
                    '(,?\s+(jr|sr|ii|iii|iv|ph\.?d|m\.?d|mba|esq|cpa|msc|bsc|llm|pmp|dds|rn)\.?)+$', '', 'i'
                )
            END AS stripped
    ) AS e
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN position(',' IN e.stripped) > 0 THEN regexp_replace(e.stripped, '^([^,]+),\s*([^,]+)$', '\2 \1')
            ELSE nullif(e.stripped, '')
        END AS full_name,
        CASE WHEN position(',' IN e.stripped) > 0 THEN btrim(split_part(e.stripped, ',', 1)) END AS family_first
    ) AS t
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN e.first_name IS NOT NULL OR e.last_name IS NOT NULL THEN e.first_name
                WHEN t.full_name IS NOT NULL THEN split_part(t.full_name, ' ', 1)
                WHEN p_address ~ '^[[:alpha:]]{2,}[._][[:alpha:]]{2,}@' AND NOT intake.f_is_role_address(p_address)
                    THEN initcap(substring(p_address FROM '^[[:alpha:]]+'))
            END AS first_name,
            CASE
                WHEN e.first_name IS NOT NULL OR e.last_name IS NOT NULL THEN e.last_name
                WHEN t.family_first IS NOT NULL AND t.full_name <> e.stripped THEN t.family_first
                WHEN position(' ' IN t.full_name) > 0 THEN coalesce(
                    substring(
                        t.full_name FROM '(?i)\s((?:van|von|vom|zu|zum|de|del|della'
                        || '|der|den|des|di|da|dal|das|do|dos|du|la|le|los|las|bin|ibn|bint|al|el|ter|ten|abu|mc|mac|st\.?|san|santa|af|av)\s.+)$'
                    ),
                    substring(t.full_name FROM '(\S+)$')
                )
                WHEN t.full_name IS NOT NULL THEN NULL
                WHEN p_address ~ '^[[:alpha:]]{2,}[._][[:alpha:]]{2,}@' AND NOT intake.f_is_role_address(p_address)
                    THEN initcap(substring(p_address FROM '^[[:alpha:]]+[._]([[:alpha:]]+)@'))
            END AS last_name
    ) AS g;
END;

-- The first number in a text: "1,234", "1.234.567", "$1.2M", "11-50" (its lower end), "10,000+"; NULL when there is none.
CREATE FUNCTION intake.f_number(p_text text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    v_found text[] := regexp_match(lower(p_text), '([0-9][0-9.,'' ]*)\s*(k|tsd|mm|mio|mn|mrd|m|million|millionen|millions|bn|b|billion|t|trillion)?(?![a-z])');
    v_digits text;
    v_unit text := v_found[2];
BEGIN
    IF v_found IS NULL THEN
        RETURN NULL;
    END IF;
    v_digits := rtrim(regexp_replace(v_found[1], '['' ]', '', 'g'), '.,');
    IF length(v_digits) > 30 THEN
        RETURN NULL;
    END IF;
    IF v_digits ~ '^[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$' THEN
        v_digits := replace(v_digits, ',', '');
    ELSIF v_digits ~ '^[0-9]{1,3}(\.[0-9]{3}){2,}(,[0-9]+)?$' OR (v_digits ~ '^[0-9]{1,3}\.[0-9]{3}(,[0-9]+)?$' AND v_unit IS NULL) THEN
        v_digits := replace(replace(v_digits, '.', ''), ',', '.');
    ELSE
        v_digits := replace(v_digits, ',', '.');
    END IF;
    IF v_digits !~ '^[0-9]+(\.[0-9]+)?$' THEN
        RETURN NULL;
    END IF;
    RETURN v_digits::numeric * CASE
        WHEN v_unit IN ('k', 'tsd') THEN 1e3
        WHEN v_unit IN ('m', 'mm', 'mn', 'mio', 'million', 'millions', 'millionen') THEN 1e6
        WHEN v_unit IN ('b', 'bn', 'billion', 'mrd') THEN 1e9
        WHEN v_unit IN ('t', 'trillion') THEN 1e12
        ELSE 1
    END;
END $$;

-- The first, or with a falling order the last, value that is not NULL. A strict transition without a start value keeps the first one.
CREATE FUNCTION kit.f_keep(p_kept anyelement, p_next anyelement) RETURNS anyelement
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$ BEGIN RETURN p_kept; END $$;
CREATE AGGREGATE kit.first_set(anyelement) (SFUNC = kit.f_keep, STYPE = anyelement);
