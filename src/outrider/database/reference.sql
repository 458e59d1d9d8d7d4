-- Look-up lists that cleaning uses; no tenant's data.

-- name: count_free_mail()$
SELECT count(*) FROM intake.free_mail_domains;

-- name: clear_free_mail()!
DELETE FROM intake.free_mail_domains;

-- name: add_free_mail(domains)!
INSERT INTO intake.free_mail_domains (domain) SELECT lower(d) FROM unnest(:domains::text[]) AS d ON CONFLICT (domain) DO NOTHING;

-- name: count_country_names()$
SELECT count(*) FROM intake.country_names;

-- name: clear_country_names()!
DELETE FROM intake.country_names;

-- name: add_country_names(names, codes)!
INSERT INTO intake.country_names (name, code) SELECT n, c FROM unnest(:names::text[], :codes::text[]) AS x (n, c);
