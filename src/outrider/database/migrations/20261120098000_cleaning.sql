-- Cleaning, as expressions that the planner can take apart (BEHAVIOUR 3, seed 003). None of them reads a tenant's table.
SET LOCAL lock_timeout = '5s';

-- White space of any kind to single spaces, ends trimmed; NULL for nothing and for a text that is no name, title or address of anything:
-- one of over 1,000 characters, an unfilled {{field}} of a template, JSON (the raw load keeps it). Plain ASCII without doubled spaces
-- passes at once.
CREATE FUNCTION intake.f_clean(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN length(p_text) > 1000 THEN NULL
    WHEN p_text ~ '^(\{|\[")' THEN NULL
    WHEN p_text ~ '[^!-~ ]|  |^ | $' THEN nullif(
        btrim(
            -- Every space gets a mark behind it; a mark and a space after it go, then the marks: runs of any length become one space.
            replace(replace(replace(
                translate(
                    p_text,
                    E'\t\n\r\f\u000b\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f'
                    '\u205f\u3000\u0001\u00ad\u200b\u200c\u200d\u2060\ufeff',
                    '                        '
                ), ' ', E' \u0001'
            ), E'\u0001 ', ''), E'\u0001', '')
        ), ''
    )
    ELSE nullif(p_text, '')
END;

-- Whether a value only says that nothing is known.
CREATE FUNCTION intake.f_is_placeholder(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(p_text) < 12 AND lower(p_text) IN (
    'n/a', '[]', '{}', '[null]',
    '#n/a', 'na.', '-', '--', '---', '.', '?', 'null', 'none', 'nil', 'undefined', 'unknown', 'not set', '(blank)', 'no name', 'test',
    'test test', 'first name', 'last name', 'firstname', 'lastname', 'name', 'xxx', 'asdf', 'tbd'
);

-- A cleaned value, NULL for a placeholder.
CREATE FUNCTION intake.f_known(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN intake.f_is_placeholder(p_text) THEN NULL ELSE p_text END;

-- What stands inside "Name <address>" and behind "mailto:" (without "?subject=…"), invisible characters taken out, ends trimmed.
CREATE FUNCTION intake.f_unwrap_address(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT btrim(
        CASE
            WHEN b.inner_text LIKE '%mailto:%' THEN split_part(regexp_replace(b.inner_text, '^.*mailto:', ''), '?', 1)
            ELSE b.inner_text
        END,
        E' \t\n\r\f\u000b\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028'
        '\u2029\u202f\u205f\u3000'
    )
    FROM (SELECT translate(lower(p_text), E'\u00ad\u200b\u200c\u200d\u2060\ufeff', '') AS said) AS a
    CROSS JOIN LATERAL (SELECT coalesce(substring(a.said FROM '<([^<>]*)>'), a.said) AS inner_text) AS b;
END;

-- An address as it identifies somebody: out of "Name <address>" and "mailto:", trimmed, in lower case. NULL for nothing. Plain ASCII
-- without spaces and without those passes at once; over 1,000 characters it is no address, however it is read.
CREATE FUNCTION intake.f_address(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(
    CASE
        WHEN length(p_text) > 1000 THEN lower(left(p_text, 1000))
        WHEN p_text ~ '[^!-~]|[<:]' THEN intake.f_unwrap_address(p_text)
        ELSE lower(p_text)
    END, ''
);

-- Why an address cannot be used: no_email, bad_email, filtered_email (a whole local part such as noreply); NULL when it can.
CREATE FUNCTION intake.f_address_problem(p_address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_address IS NULL THEN 'no_email'
    WHEN length(p_address) NOT BETWEEN 5 AND 254
        OR strpos(p_address, '@') NOT BETWEEN 2 AND 65
        OR p_address !~ '^[^[:space:]@"(),:;<>\[\]\\]+@([[:alnum:]]([[:alnum:]-]*[[:alnum:]])?\.)+[[:alpha:]][[:alnum:]-]*[[:alnum:]]$'
        OR p_address LIKE '.%' OR p_address LIKE '%..%' OR p_address LIKE '%.@%' OR strpos(p_address, E'\ufffd') > 0 THEN 'bad_email'
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

-- The host of a web address or domain, in lower case without www., at most 253 characters; NULL when there is none in it.
CREATE FUNCTION intake.f_domain(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(p_text) <= 253 THEN substring(
    lower(btrim(p_text)) FROM
    '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?((?:[[:alnum:]](?:[[:alnum:]-]*[[:alnum:]])?\.)+[[:alpha:]][[:alnum:]-]*[[:alnum:]])\.?(?:[:/?#].*)?$'
)
-- Of a longer address the host has to end in the first 254 characters.
ELSE substring(
    left(lower(btrim(p_text)), 254) FROM
    '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?((?:[[:alnum:]](?:[[:alnum:]-]*[[:alnum:]])?\.)+[[:alpha:]][[:alnum:]-]*[[:alnum:]])\.?[:/?#].*$'
) END;

-- Whether a domain gives addresses to anybody. The list holds the known ones; the big names count under any ending.
CREATE FUNCTION intake.f_is_free_mail_brand(p_domain text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(p_domain, '.', 1) IN (
    'gmail', 'googlemail', 'outlook', 'hotmail', 'yahoo', 'ymail', 'icloud', 'aol', 'gmx', 'protonmail'
) OR p_domain IN ('proton.me', 'pm.me', 'hey.com', 'duck.com');

-- Domains of places where companies have a page and not a home.
CREATE FUNCTION intake.f_is_shared_host(p_domain text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_domain IN (
    'linkedin.com', 'facebook.com', 'twitter.com', 'x.com', 'instagram.com', 'youtube.com', 'linktr.ee', 'crunchbase.com', 'medium.com',
    'github.com', 'sites.google.com', 'google.com/maps', 'tiktok.com', 'wa.me', 't.me'
) OR p_domain LIKE '%.linkedin.com' OR p_domain LIKE '%.facebook.com';

-- A name without "Prof. Dr." before it.
CREATE FUNCTION people.f_without_titles(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(p_name, '^((dr|prof|mr|mrs|ms|miss|mx|sir|dame|herr|frau|ing|dipl-ing|mag|rev|hon)\.?\s+)+', '', 'i');

-- A name without "Jr." and "Ph.D." behind it. Behind a comma stand more degrees than could be told from a name without one (Ma, Ba, Pe).
CREATE FUNCTION people.f_without_degrees(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN position(',' IN p_name) > 0 THEN rtrim(
        regexp_replace(
            p_name,
            '(,?\s+(jr|sr|ii|iii|iv|ph\.?d|m\.?d|mba|esq|cpa|msc|bsc|llm|pmp|dds|rn)\.?'
            '|,\s*(jr|sr|ii|iii|iv|ph\.?d|m\.?d|mba|esq|cpa|msc|bsc|llm|pmp|dds|rn|ma|ba|ms|bs|jd|cfa|cfp|frm'
            '|caia|cissp|shrm-s?cp|s?phr|pe|mph|mpa|dba)\.?)+$', '', 'i'
        ), ' ,'
    )
    ELSE regexp_replace(p_name, '(\s+(jr|sr|ii|iii|iv|ph\.?d|m\.?d|mba|esq|cpa|msc|bsc|llm|pmp|dds|rn)\.?)+$', '', 'i')
END;

-- A first and a last name from what was given: explicit ones first, then the full name ("Last, First" turned), then first.last@ or
-- first_last@; never out of joined letters and never from a desk's address. Of a first and a last name of which one was left blank, the
-- full name gives the other. Titles and degrees are taken off, particles stay with the family name. One row.
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
            CASE WHEN p_first ~ '[. ]' THEN nullif(btrim(people.f_without_titles(p_first || ' ')), '') ELSE p_first END AS first_name,
            CASE WHEN p_last ~ '[., ]' THEN nullif(people.f_without_degrees(p_last), '') ELSE p_last END AS last_name,
            people.f_without_titles(people.f_without_degrees(p_name)) AS stripped
        FROM (VALUES (1)) AS once (done)
        OFFSET 0 -- or each mention below would do it again
    ) AS e
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN position(',' IN e.stripped) = 0 THEN nullif(e.stripped, '')
                WHEN e.stripped ~ '^[^,]+,[^,]+$'
                    THEN concat_ws(' ', people.f_without_titles(btrim(split_part(e.stripped, ',', 2))), btrim(split_part(e.stripped, ',', 1)))
                ELSE e.stripped
            END AS full_name,
            CASE WHEN position(',' IN e.stripped) > 0 THEN btrim(split_part(e.stripped, ',', 1)) END AS family_first
        FROM (VALUES (1)) AS once (done)
        OFFSET 0
    ) AS t
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN e.first_name IS NOT NULL THEN e.first_name
                WHEN e.last_name IS NOT NULL AND coalesce(right(lower(t.full_name), length(e.last_name) + 1) <> ' ' || lower(e.last_name), true)
                    THEN NULL
                WHEN t.full_name IS NOT NULL THEN split_part(t.full_name, ' ', 1)
                WHEN p_address ~ '^[[:alpha:]]{2,}[._][[:alpha:]]{2,}@' AND NOT intake.f_is_role_address(regexp_replace(p_address, '[._].*$', '@'))
                    THEN initcap(substring(p_address FROM '^[[:alpha:]]+'))
            END AS first_name,
            CASE
                WHEN e.last_name IS NOT NULL THEN e.last_name
                WHEN e.first_name IS NOT NULL AND coalesce(left(lower(t.full_name), length(e.first_name) + 1) <> lower(e.first_name) || ' ', true)
                    THEN NULL
                WHEN t.family_first IS NOT NULL AND t.full_name <> e.stripped THEN t.family_first
                WHEN position(' ' IN t.full_name) > 0 THEN coalesce(
                    substring(
                        t.full_name FROM
                        '(?i)\s((?:van|von|vom|zu|zum|de|del|della|der|den|des|di|da|dal|das|do|dos|du|la|le|los|las|bin|ibn|bint|al|el|ter|ten|abu'
                        '|mc|mac|st\.?|san|santa|af|av)\s.+)$'
                    ),
                    substring(t.full_name FROM '(\S+)$')
                )
                WHEN t.full_name IS NOT NULL THEN NULL
                WHEN p_address ~ '^[[:alpha:]]{2,}[._][[:alpha:]]{2,}@' AND NOT intake.f_is_role_address(regexp_replace(p_address, '[._].*$', '@'))
                    THEN initcap(substring(p_address FROM '^[[:alpha:]]+[._]([[:alpha:]]+)@'))
            END AS last_name
    ) AS g;
END;

-- The first number in a text: "1,234", "1.234.567", "$1.2M", "11-50" (its lower end), "10,000+", "250people"; NULL when there is none.
CREATE FUNCTION intake.f_number(p_text text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    v_found text[] := regexp_match(lower(p_text), '([0-9][0-9.,'' ]*)(?:\s*(k|tsd|mm|mio|mn|mrd|m|million|millionen|millions|bn|b|billion|t|trillion)(?![a-z]))?');
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
