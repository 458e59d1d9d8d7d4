-- International domains have two spellings: as people write them, and as DNS has them. Whoever compares takes the latter.
SET LOCAL lock_timeout = '5s';

-- A label in punycode (RFC 3492) with its mark `xn--`; one of ASCII letters as it is.
CREATE FUNCTION kit.f_ascii_label(p_label text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    v_points integer[] := ARRAY(SELECT ascii(c) FROM regexp_split_to_table(p_label, '') AS c);
    v_basic text := regexp_replace(p_label, '[^\x01-\x7f]', '', 'g');
    v_written text := CASE WHEN v_basic = '' THEN '' ELSE v_basic || '-' END;
    v_done integer := length(v_basic);
    v_next integer := 128;
    v_delta bigint := 0;
    v_bias integer := 72;
    v_damp integer := 700;
    v_point integer;
    v_left bigint;
    v_most integer;
BEGIN
    IF octet_length(p_label) = length(p_label) THEN
        RETURN p_label;
    END IF;
    WHILE v_done < cardinality(v_points) LOOP
        SELECT min(p) INTO v_point FROM unnest(v_points) AS p WHERE p >= v_next;
        v_delta := v_delta + (v_point - v_next)::bigint * (v_done + 1);
        v_next := v_point;
        FOREACH v_point IN ARRAY v_points LOOP
            v_delta := v_delta + (v_point < v_next)::integer;
            CONTINUE WHEN v_point <> v_next;
            v_left := v_delta;
            FOR v_place IN 1..1000 LOOP
                v_most := least(greatest(36 * v_place - v_bias, 1), 26);
                EXIT WHEN v_left < v_most;
                v_written := v_written || substr('abcdefghijklmnopqrstuvwxyz0123456789', (v_most + (v_left - v_most) % (36 - v_most))::integer + 1, 1);
                v_left := (v_left - v_most) / (36 - v_most);
            END LOOP;
            v_written := v_written || substr('abcdefghijklmnopqrstuvwxyz0123456789', v_left::integer + 1, 1);
            v_done := v_done + 1;
            v_delta := v_delta / v_damp;
            v_damp := 2;
            v_delta := v_delta + v_delta / v_done;
            v_bias := 0;
            WHILE v_delta > 455 LOOP
                v_delta := v_delta / 35;
                v_bias := v_bias + 36;
            END LOOP;
            v_bias := v_bias + (36 * v_delta / (v_delta + 38))::integer;
            v_delta := 0;
        END LOOP;
        v_delta := v_delta + 1;
        v_next := v_next + 1;
    END LOOP;
    RETURN 'xn--' || v_written;
END $$;

-- An address or a domain, trimmed and in lower case, with its domain as DNS has it: what is the same to mail servers is the same here. Called for
-- every address that is looked up: what is ASCII goes the short way.
CREATE FUNCTION kit.f_plain_address(p_value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    v_value text := lower(btrim(p_value));
    v_name text;
BEGIN
    IF octet_length(v_value) = length(v_value) THEN
        RETURN v_value;
    END IF;
    v_value := normalize(v_value, NFC);
    v_name := coalesce(substring(v_value FROM '^.*@'), '');
    RETURN v_name || (
        SELECT string_agg(kit.f_ascii_label(l.label), '.' ORDER BY l.place)
        FROM regexp_split_to_table(substr(v_value, length(v_name) + 1), '[.。]') WITH ORDINALITY AS l (label, place)
    );
END $$;
GRANT EXECUTE ON FUNCTION kit.f_ascii_label(text), kit.f_plain_address(text) TO outrider_app;
