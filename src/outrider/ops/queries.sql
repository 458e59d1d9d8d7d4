-- name: insert_job$
-- A new job's id; nothing when an unfinished one of that name has the singleton key.
INSERT INTO ops.jobs AS j (
    organization_id, name, data, priority, start_after, singleton_key,
    retry_limit, retry_delay, retry_backoff, expire_in, keep_until, on_complete, title, link
)
VALUES (
    :organization_id, :name, :data, :priority, coalesce(:start_after::timestamptz, now()), :singleton_key,
    :retry_limit, :retry_delay, :retry_backoff, :expire_in,
    coalesce(:keep_until::timestamptz, greatest(:start_after::timestamptz, now()) + interval '14 days'), :on_complete, :title, :link
)
ON CONFLICT (organization_id, name, singleton_key) WHERE state IN ('created', 'retry', 'active') AND singleton_key IS NOT NULL DO NOTHING
RETURNING j.id;

-- name: unfinished_job(organization_id, name, singleton_key)$
-- The id of the unfinished job with a singleton key.
SELECT id FROM ops.jobs
WHERE organization_id = :organization_id AND name = :name AND singleton_key = :singleton_key AND state IN ('created', 'retry', 'active');

-- name: current_organization()$
-- The tenant of this transaction.
SELECT kit.f_organization();

-- name: dispatch(id)$
-- Hands a job to the workers in this transaction.
SELECT ops.f_dispatch(:id);

-- name: job(organization_id, id)^
-- One job.
SELECT
    id, name, state, data, output, error, priority, retry_limit, retry_count, retry_delay, retry_backoff,
    start_after, started_on, completed_on, created_on, keep_until, expire_in, singleton_key, on_complete, requested_by,
    progress_done, progress_total, progress_note, cancel_requested_at, title, link
FROM ops.jobs WHERE organization_id = :organization_id AND id = :id;

-- name: jobs(organization_id, states, name, before, count)
-- A page of jobs, newest first; NULL for states: in any.
SELECT
    id, name, state, data, output, error, priority, retry_limit, retry_count, retry_delay, retry_backoff,
    start_after, started_on, completed_on, created_on, keep_until, expire_in, singleton_key, on_complete, requested_by,
    progress_done, progress_total, progress_note, cancel_requested_at, title, link
FROM ops.jobs
WHERE
    organization_id = :organization_id
    AND (:states::text[] IS NULL OR state = ANY (:states::text[]))
    AND (:name::text IS NULL OR name = :name)
    AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :count;

-- name: cancel_job(organization_id, id)$
-- Cancels what is not running and asks what is running to stop; nothing when it is finished or unknown.
UPDATE ops.jobs SET
    state = CASE state WHEN 'active' THEN state ELSE 'cancelled' END,
    completed_on = CASE state WHEN 'active' THEN NULL ELSE now() END,
    cancel_requested_at = coalesce(cancel_requested_at, now())
WHERE organization_id = :organization_id AND id = :id AND state IN ('created', 'retry', 'active')
RETURNING id;

-- name: retry_job(organization_id, id)$
-- Lets a job that ended without success start anew, with all its attempts; nothing when it is not such a job.
UPDATE ops.jobs SET
    state = 'retry', retry_count = 0, start_after = now(), started_on = NULL, completed_on = NULL, cancel_requested_at = NULL,
    output = NULL, error = NULL, progress_done = 0, progress_total = NULL, progress_note = NULL,
    keep_until = greatest(keep_until, now() + interval '14 days')
WHERE organization_id = :organization_id AND id = :id AND state IN ('failed', 'expired', 'cancelled')
RETURNING id;

-- name: claim_job(organization_id, id, token, is_eager)^
-- Starts an attempt and counts it before any work is done. The caller holds the job's lock: an active job is one whose worker died, and
-- it is given up when it has no retries left. A job that was given back (started_on is NULL) is not counted again.
UPDATE ops.jobs SET
    state = CASE
        WHEN state <> 'active' THEN 'active'
        WHEN cancel_requested_at IS NOT NULL THEN 'cancelled'
        WHEN retry_count >= retry_limit THEN 'failed'
        ELSE 'active'
    END,
    completed_on = CASE WHEN state = 'active' AND (cancel_requested_at IS NOT NULL OR retry_count >= retry_limit) THEN now() END,
    error = CASE
        WHEN state = 'active' AND cancel_requested_at IS NULL AND retry_count >= retry_limit THEN
            'WorkerDied: attempt ' || (retry_count + 1) || ' of ' || (retry_limit + 1)
            || ' ended with the death of its worker (killed, out of memory or a crash); it is not tried again'
        ELSE error
    END,
    retry_count = CASE WHEN started_on IS NULL THEN retry_count ELSE least(retry_count + 1, retry_limit) END,
    started_on = now(),
    attempt_token = :token
WHERE
    organization_id = :organization_id AND id = :id
    AND (state = 'active' OR (state IN ('created', 'retry') AND (:is_eager::boolean OR start_after <= now())))
RETURNING
    new.state, new.name, new.data, new.retry_limit, new.retry_count, new.retry_delay, new.retry_backoff, new.expire_in, new.requested_by,
    old.state = 'active' AS was_active, new.error;

-- name: report_progress(organization_id, id, token, done, total, note)^
-- Notes how far an attempt is; nothing when it does not hold the job any more.
UPDATE ops.jobs SET progress_done = :done, progress_total = :total, progress_note = :note
WHERE organization_id = :organization_id AND id = :id AND attempt_token = :token AND state = 'active'
RETURNING cancel_requested_at IS NOT NULL AS is_cancelled;

-- name: limit_lock_wait()$
-- Waits at most two seconds for a lock in this transaction.
SELECT set_config('lock_timeout', '2s', true);

-- name: complete_job(organization_id, id, token, output, has_progress, done, total, note)^
-- Ends an attempt with success.
UPDATE ops.jobs SET
    state = 'completed', completed_on = now(), attempt_token = NULL, error = NULL, output = :output,
    progress_done = CASE WHEN :has_progress::boolean THEN :done ELSE progress_done END,
    progress_total = CASE WHEN :has_progress THEN :total ELSE progress_total END,
    progress_note = CASE WHEN :has_progress THEN :note ELSE progress_note END
WHERE organization_id = :organization_id AND id = :id AND attempt_token = :token AND state = 'active'
RETURNING state, name, on_complete, output, error, retry_count, requested_by;

-- name: fail_job(organization_id, id, token, error, is_permanent, is_expired, delay)^
-- Ends an attempt without success: back in `delay` while it has retries left, unless it is permanent or a person asked to cancel.
UPDATE ops.jobs SET
    state = CASE
        WHEN cancel_requested_at IS NOT NULL THEN 'cancelled'
        WHEN NOT :is_permanent::boolean AND retry_count < retry_limit THEN 'retry'
        WHEN :is_expired::boolean THEN 'expired'
        ELSE 'failed'
    END,
    completed_on = CASE WHEN cancel_requested_at IS NOT NULL OR :is_permanent OR retry_count >= retry_limit THEN now() END,
    start_after = now() + :delay::interval,
    attempt_token = NULL,
    error = :error
WHERE organization_id = :organization_id AND id = :id AND attempt_token = :token AND state = 'active'
RETURNING state, name, on_complete, output, error, retry_count, requested_by;

-- name: end_cancelled_job(organization_id, id, token)^
-- Ends an attempt that stopped because a person asked.
UPDATE ops.jobs SET
    state = 'cancelled', completed_on = now(), attempt_token = NULL, cancel_requested_at = coalesce(cancel_requested_at, now())
WHERE organization_id = :organization_id AND id = :id AND attempt_token = :token AND state = 'active'
RETURNING state, name, on_complete, output, error, retry_count, requested_by;

-- name: give_back_job(organization_id, id, token)^
-- Ends an attempt as if it had not been, because its worker stops.
UPDATE ops.jobs SET
    state = CASE WHEN cancel_requested_at IS NULL THEN 'retry' ELSE 'cancelled' END,
    completed_on = CASE WHEN cancel_requested_at IS NULL THEN NULL ELSE now() END,
    started_on = NULL, start_after = now(), attempt_token = NULL
WHERE organization_id = :organization_id AND id = :id AND attempt_token = :token AND state = 'active'
RETURNING state, name, on_complete, output, error, retry_count, requested_by;

-- name: hold_job(organization_id, id)$
-- Locks a job's running for this transaction; false when somebody runs it.
SELECT pg_try_advisory_xact_lock(hashtextextended('outrider/job/' || :organization_id::uuid || '/' || :id::uuid, 0));

-- name: rescue_jobs()$
-- Hands to the workers again what no message stands for; how many.
SELECT ops.f_rescue_jobs();

-- name: purge_jobs(organization_id)$
-- Drops finished jobs past their keep_until; how many.
WITH gone AS (
    DELETE FROM ops.jobs
    WHERE organization_id = :organization_id AND keep_until < now() AND state IN ('completed', 'expired', 'cancelled', 'failed')
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: purge_idempotency_keys(organization_id)$
-- Drops answers older than a day; how many.
WITH gone AS (
    DELETE FROM ops.idempotency_keys WHERE organization_id = :organization_id AND created_at < now() - interval '1 day' RETURNING 1
)
SELECT count(*) FROM gone;

-- name: organizations_with_work()
-- The organizations for which the minute's round has something to do.
SELECT w.id FROM ops.f_organizations_with_work() AS w (id);

-- name: unfinished_jobs(organization_id)
-- How many jobs wait and how many run.
SELECT state, count(*) AS jobs FROM ops.jobs
WHERE organization_id = :organization_id AND state IN ('created', 'retry', 'active') GROUP BY state;

-- name: make_event_partitions()$
-- Makes the months ahead; how many were new.
SELECT ops.f_make_event_partitions();

-- name: workers_alive()$
-- How many workers said so lately.
SELECT ops.f_workers_alive();

-- name: upsert_schedule(organization_id, name, job_name, cron, time_zone, data, is_active, next_run_at)^
-- Sets a schedule; one whose times stay the same keeps its next run, so that an overdue one still comes.
INSERT INTO ops.schedules AS s (organization_id, name, job_name, cron, time_zone, data, is_active, next_run_at)
VALUES (:organization_id, :name, :job_name, :cron, :time_zone, :data, :is_active, :next_run_at)
ON CONFLICT (organization_id, name) DO UPDATE SET
    job_name = excluded.job_name, cron = excluded.cron, time_zone = excluded.time_zone,
    data = excluded.data, is_active = excluded.is_active,
    next_run_at = CASE
        WHEN s.is_active AND excluded.is_active AND s.cron = excluded.cron AND s.time_zone = excluded.time_zone THEN s.next_run_at
        ELSE excluded.next_run_at
    END
RETURNING s.name, s.job_name, s.cron, s.time_zone, s.data, s.is_active, s.next_run_at, s.last_run_at;

-- name: schedules(organization_id)
-- Every schedule, by name.
SELECT name, job_name, cron, time_zone, data, is_active, next_run_at, last_run_at
FROM ops.schedules WHERE organization_id = :organization_id ORDER BY name;

-- name: delete_schedule(organization_id, name)$
-- The name if there was such a schedule.
DELETE FROM ops.schedules WHERE organization_id = :organization_id AND name = :name RETURNING name;

-- name: due_schedules(organization_id, moment)
-- The names of the schedules whose time has come.
SELECT name FROM ops.schedules WHERE organization_id = :organization_id AND is_active AND next_run_at <= :moment ORDER BY next_run_at, name;

-- name: take_schedule(organization_id, name, moment)^
-- A schedule that is still due, locked; nothing when somebody else takes it.
SELECT name, job_name, cron, time_zone, data, is_active, next_run_at, last_run_at
FROM ops.schedules
WHERE organization_id = :organization_id AND name = :name AND is_active AND next_run_at <= :moment
FOR UPDATE SKIP LOCKED;

-- name: advance_schedule(organization_id, name, moment, next_run_at)!
-- Notes that a schedule ran and when it comes again.
UPDATE ops.schedules SET last_run_at = :moment, next_run_at = :next_run_at WHERE organization_id = :organization_id AND name = :name;

-- name: stop_schedule(organization_id, name)!
-- Stops a schedule that cannot be read.
UPDATE ops.schedules SET is_active = false WHERE organization_id = :organization_id AND name = :name;

-- name: log_event(user_id, entity_type, entity_id, event_type, payload, metadata)$
-- Writes an event and tells the channel `events`; its id.
SELECT ops.log_event(:user_id, :entity_type, :entity_id, :event_type, :payload, :metadata);

-- name: event_types(organization_id, count)
-- At most `count` of the types that events have, by name: one look into the index for each.
WITH RECURSIVE found AS (
    (
        SELECT e.event_type, 1 AS place FROM ops.events AS e
        WHERE e.organization_id = :organization_id ORDER BY e.event_type LIMIT 1
    )
    UNION ALL
    SELECT n.event_type, f.place + 1 FROM found AS f
    CROSS JOIN LATERAL (
        SELECT e.event_type FROM ops.events AS e
        WHERE e.organization_id = :organization_id AND e.event_type > f.event_type ORDER BY e.event_type LIMIT 1
    ) AS n
    WHERE f.place < :count
)
SELECT f.event_type FROM found AS f ORDER BY f.place;

-- name: events(organization_id, entity_type, entity_id, event_type, before, count)
-- A page of events, newest first.
SELECT id, user_id, entity_type, entity_id, event_type, payload, metadata, created_at
FROM ops.events
WHERE
    organization_id = :organization_id
    AND (:entity_type::text IS NULL OR entity_type = :entity_type)
    AND (:entity_id::uuid IS NULL OR entity_id = :entity_id)
    AND (:event_type::text IS NULL OR event_type = :event_type)
    AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :count;
