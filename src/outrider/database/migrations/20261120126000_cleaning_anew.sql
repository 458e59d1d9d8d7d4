-- A text that is JSON or an unfilled {{field}} is one behind spaces and invisible signs too: cleaning what was cleaned changes nothing.
SET LOCAL lock_timeout = '5s';

-- White space of any kind to single spaces, ends trimmed; NULL for nothing and for a text that is no name, title or address of anything:
-- one of over 1,000 characters, an unfilled {{field}} of a template, JSON (the raw load keeps it). Plain ASCII without doubled spaces
-- passes at once.
CREATE OR REPLACE FUNCTION intake.f_clean(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN length(p_text) > 1000 THEN NULL
    WHEN p_text ~ E'^[ \t\n\r\f\u000b\u0085\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\u0001\u00ad\ufeff]*(\\{|\\[")' THEN NULL
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
