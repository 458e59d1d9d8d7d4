-- What the dispatcher asks as role outrider_worker: locks, the list of workers, the queue's own log. No tenant's data.

-- name: lock_job(organization_id, id)$
-- Locks a job's running for this session; false when somebody else runs it. The lock goes when the process dies.
SELECT pg_try_advisory_lock(hashtextextended('outrider/job/' || :organization_id::uuid || '/' || :id::uuid, 0));

-- name: unlock_job(organization_id, id)$
-- Lets another session run the job.
SELECT pg_advisory_unlock(hashtextextended('outrider/job/' || :organization_id::uuid || '/' || :id::uuid, 0));

-- name: lead()$
-- Takes the one place of the worker that keeps the clock; false while another has it.
SELECT pg_try_advisory_lock(hashtextextended('outrider/ops/leader', 0));

-- name: beat(id, host, pid, concurrency, lease)!
-- Says that this worker is alive for another while.
INSERT INTO queue.workers (id, host, pid, concurrency, alive_until) VALUES (:id, :host, :pid, :concurrency, now() + :lease::interval)
ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until;

-- name: leave(id)!
-- Says that this worker is gone.
DELETE FROM queue.workers WHERE id = :id;

-- name: forget_dead_workers()!
-- Drops workers that died more than an hour ago.
DELETE FROM queue.workers WHERE alive_until < now() - interval '1 hour';

-- name: purge_log()!
-- Drops PgQueuer's log past one day: ops.jobs is the record.
DELETE FROM queue.pgqueuer_log WHERE created < now() - interval '1 day';
