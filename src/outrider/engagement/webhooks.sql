-- name: sources(organization_id, before, count)
-- A page of sources, newest first, each with when something came last and how many of its deliveries failed.
SELECT s.id, s.kind, s.name, s.is_active, s.secret_encrypted IS NOT NULL AS has_secret, s.old_secret_until, s.created_by, s.created_at,
    (
        SELECT d.received_at FROM engagement.deliveries AS d
        WHERE d.organization_id = :organization_id AND d.source_id = s.id ORDER BY d.id DESC LIMIT 1
    ) AS last_received_at,
    (
        SELECT count(*) FROM engagement.deliveries AS d
        WHERE d.organization_id = :organization_id AND d.source_id = s.id AND d.state = 'failed'
    ) AS failed
FROM engagement.webhook_sources AS s
WHERE s.organization_id = :organization_id AND (:before::uuid IS NULL OR s.id < :before::uuid)
ORDER BY s.id DESC
LIMIT :count;

-- name: source_ids(organization_id, name)
-- The ids of the sources with a name, in any case, the newest first, five at most.
SELECT s.id FROM engagement.webhook_sources AS s
WHERE s.organization_id = :organization_id AND lower(s.name) = lower(:name) ORDER BY s.id DESC LIMIT 5;

-- name: source(organization_id, id)^
-- The same of one source.
SELECT s.id, s.kind, s.name, s.is_active, s.secret_encrypted IS NOT NULL AS has_secret, s.old_secret_until, s.created_by, s.created_at,
    (
        SELECT d.received_at FROM engagement.deliveries AS d
        WHERE d.organization_id = :organization_id AND d.source_id = s.id ORDER BY d.id DESC LIMIT 1
    ) AS last_received_at,
    (
        SELECT count(*) FROM engagement.deliveries AS d
        WHERE d.organization_id = :organization_id AND d.source_id = s.id AND d.state = 'failed'
    ) AS failed
FROM engagement.webhook_sources AS s
WHERE s.organization_id = :organization_id AND s.id = :id;

-- name: insert_source(organization_id, kind, name, token_hash, secret_encrypted)$
-- Makes a source; its id.
INSERT INTO engagement.webhook_sources (organization_id, kind, name, token_hash, secret_encrypted)
VALUES (:organization_id, :kind, :name, :token_hash, :secret_encrypted)
RETURNING id;

-- name: change_source(organization_id, id, name, is_active)$
-- Changes what is not NULL; its id, none when it is unknown.
UPDATE engagement.webhook_sources SET name = coalesce(:name::text, name), is_active = coalesce(:is_active::boolean, is_active)
WHERE organization_id = :organization_id AND id = :id
RETURNING id;

-- name: secrets_of(organization_id, id)^
-- What the secret of a source is bound to, and its kind, for who puts another one in its place.
SELECT s.kind, s.token_hash FROM engagement.webhook_sources AS s
WHERE s.organization_id = :organization_id AND s.id = :id
FOR UPDATE;

-- name: rotate_secret(organization_id, id, secret_encrypted, overlap)!
-- Puts a secret in the place of the one before, which holds for `overlap` more.
UPDATE engagement.webhook_sources SET
    secret_encrypted = :secret_encrypted,
    old_secret_encrypted = CASE WHEN :overlap::interval > interval '0' THEN secret_encrypted END,
    old_secret_until = CASE WHEN :overlap::interval > interval '0' AND secret_encrypted IS NOT NULL THEN now() + :overlap::interval END
WHERE organization_id = :organization_id AND id = :id;

-- name: delete_source(organization_id, id)$
-- Takes a source and its deliveries away; its name, none when it is unknown. The events that came through it stay.
DELETE FROM engagement.webhook_sources WHERE organization_id = :organization_id AND id = :id RETURNING name;

-- name: source_of_token(organization_id, token_hash)^
-- The source that an address belongs to, with the secrets that hold.
SELECT s.id, s.kind, s.name, s.is_active, s.secret_encrypted, CASE WHEN s.old_secret_until > now() THEN s.old_secret_encrypted END AS old_secret_encrypted
FROM engagement.webhook_sources AS s
WHERE s.organization_id = :organization_id AND s.token_hash = :token_hash;

-- name: keep_delivery(organization_id, source_id, body_hash, body)^
-- Keeps what came, as it came; the same again is only counted.
INSERT INTO engagement.deliveries AS d (organization_id, source_id, body_hash, body)
VALUES (:organization_id, :source_id, :body_hash, :body)
ON CONFLICT (organization_id, source_id, body_hash) DO UPDATE SET repeats = d.repeats + 1
RETURNING d.id, old.id IS NULL AS is_new;

-- name: delivery_to_work_on(organization_id, id)^
-- A delivery that is not done, and the kind of its source.
SELECT d.body, s.kind FROM engagement.deliveries AS d
INNER JOIN engagement.webhook_sources AS s ON s.organization_id = d.organization_id AND s.id = d.source_id
WHERE d.organization_id = :organization_id AND d.id = :id AND d.state <> 'done';

-- name: count_new_events(organization_id, id, count)!
-- Adds to how many events of a delivery were new, as they are recorded.
UPDATE engagement.deliveries SET new_events = coalesce(new_events, 0) + :count
WHERE organization_id = :organization_id AND id = :id;

-- name: finish_delivery(organization_id, id, job_id, events, ignored)$
-- Writes down that a delivery is done; how many of its events were new.
UPDATE engagement.deliveries SET
    state = 'done', job_id = :job_id, events = :events, new_events = coalesce(new_events, 0), ignored = :ignored, error = NULL, worked_at = now()
WHERE organization_id = :organization_id AND id = :id
RETURNING new_events;

-- name: fail_delivery(organization_id, id, job_id, error)!
-- Writes down why a delivery could not be worked on; one that is done stays so.
UPDATE engagement.deliveries SET state = 'failed', job_id = :job_id, error = :error, worked_at = now()
WHERE organization_id = :organization_id AND id = :id AND state <> 'done';

-- name: reopen_delivery(organization_id, id)$
-- Lets a delivery that is not done be worked on anew; its id, none when it is unknown or done.
UPDATE engagement.deliveries SET state = 'pending', error = NULL
WHERE organization_id = :organization_id AND id = :id AND state <> 'done'
RETURNING id;

-- name: deliveries(organization_id, source_id, state, before, count)
-- A page of deliveries, newest first.
SELECT d.id, d.source_id, s.name AS source, s.kind, d.state, d.events, d.new_events, d.ignored, d.repeats, octet_length(d.body) AS size, d.error,
    d.job_id, d.received_at, d.worked_at
FROM engagement.deliveries AS d
INNER JOIN engagement.webhook_sources AS s ON s.organization_id = d.organization_id AND s.id = d.source_id
WHERE d.organization_id = :organization_id
    AND (:source_id::uuid IS NULL OR d.source_id = :source_id::uuid)
    AND (:state::text IS NULL OR d.state = :state::text)
    AND (:before::uuid IS NULL OR d.id < :before::uuid)
ORDER BY d.id DESC
LIMIT :count;

-- name: delivery(organization_id, id)^
-- One delivery, with its body as it came but for shared secrets.
SELECT d.id, d.source_id, s.name AS source, s.kind, d.state, d.events, d.new_events, d.ignored, d.repeats, octet_length(d.body) AS size, d.error,
    d.job_id, d.received_at, d.worked_at, d.body
FROM engagement.deliveries AS d
INNER JOIN engagement.webhook_sources AS s ON s.organization_id = d.organization_id AND s.id = d.source_id
WHERE d.organization_id = :organization_id AND d.id = :id;

-- name: purge_deliveries(organization_id, age, count)$
-- Drops deliveries that are done and older than `age`, at most `count`; how many. Their ids begin with the time.
WITH gone AS (
    DELETE FROM engagement.deliveries AS d
    WHERE d.organization_id = :organization_id AND d.id IN (
        SELECT o.id FROM engagement.deliveries AS o
        WHERE o.organization_id = :organization_id AND o.state = 'done' AND o.id < (SELECT uuidv7(- :age::interval))
        ORDER BY o.id LIMIT :count
    )
    RETURNING d.id
)
SELECT count(*) FROM gone;
