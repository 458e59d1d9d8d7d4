-- name: actors(organization_id, users, keys, jobs)
-- Who actors are: members, API keys, and jobs with the import that they were about. An import's last job is known after the job is gone.
SELECT 'user' AS kind, m.user_id AS id, coalesce(m.name, m.email) AS name, NULL::uuid AS import_id, NULL AS file_name
FROM tenancy.members AS m WHERE m.organization_id = :organization_id AND m.user_id = ANY (:users::uuid[])
UNION ALL
SELECT 'key', k.id, k.name, NULL, NULL FROM tenancy.api_keys AS k WHERE k.organization_id = :organization_id AND k.id = ANY (:keys::uuid[])
UNION ALL
SELECT 'job', a.id, coalesce(j.name, CASE WHEN i.state = 'reverted' THEN 'intake.revert' ELSE 'intake.import' END), i.id, i.file_name
FROM unnest(:jobs::uuid[]) AS a (id)
LEFT JOIN ops.jobs AS j ON j.organization_id = :organization_id AND j.id = a.id
LEFT JOIN LATERAL (
    SELECT t.id, t.file_name, t.state FROM intake.imports AS t
    WHERE t.organization_id = :organization_id AND (
        t.id = CASE WHEN pg_input_is_valid(j.data ->> 'import_id', 'uuid') THEN (j.data ->> 'import_id')::uuid END OR t.job_id = a.id
    ) LIMIT 1
) AS i ON true
WHERE j.id IS NOT NULL OR i.id IS NOT NULL;
