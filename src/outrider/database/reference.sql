-- Look-up lists that cleaning uses; no tenant's data.

-- name: loaded_edition()$
-- Which lists are in the database; NULL for none.
SELECT obj_description(to_regclass('intake.free_mail_domains'), 'pg_class');

-- name: comment_on_edition(edition)$
-- The statement that remembers which lists are in the database.
SELECT format('COMMENT ON TABLE intake.free_mail_domains IS %L', :edition::text);

-- name: clear_free_mail()!
DELETE FROM intake.free_mail_domains;

-- name: add_free_mail(domains)!
INSERT INTO intake.free_mail_domains (domain) SELECT DISTINCT lower(d) FROM unnest(:domains::text[]) AS d;

-- name: clear_time_zones()!
DELETE FROM marketing.time_zones;

-- name: add_time_zones(names, countries)!
INSERT INTO marketing.time_zones (name, country_code) SELECT n, c FROM unnest(:names::text[], :countries::text[]) AS x (n, c);

-- name: clear_country_names()!
DELETE FROM intake.country_names;

-- name: add_country_names(names, codes)!
INSERT INTO intake.country_names (name, code) SELECT n, c FROM unnest(:names::text[], :codes::text[]) AS x (n, c);
