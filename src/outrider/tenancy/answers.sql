-- Answers kept for Idempotency-Key. While status is NULL, created_at is when the holder last said that it lives.

-- name: claim_answer(organization_id, key, request_hash)$
-- True when the key is ours: new, older than a day, or let go by a holder that died.
INSERT INTO ops.idempotency_keys AS k (organization_id, key, request_hash, created_at)
VALUES (:organization_id, :key, :request_hash, now())
ON CONFLICT (organization_id, key) DO UPDATE SET
    request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers, body = excluded.body,
    created_at = excluded.created_at
WHERE k.created_at < now() - interval '1 day' OR (k.status IS NULL AND k.created_at < now() - interval '1 minute')
RETURNING true;

-- name: find_answer(organization_id, key)^
-- What the key was used for and how it was answered; status NULL while that is being done.
SELECT request_hash, status, headers, body FROM ops.idempotency_keys WHERE organization_id = :organization_id AND key = :key;

-- name: renew_answer(organization_id, key)!
-- The holder lives.
UPDATE ops.idempotency_keys SET created_at = now() WHERE organization_id = :organization_id AND key = :key AND status IS NULL;

-- name: keep_answer(organization_id, key, request_hash, status, headers, body)!
-- The answer, from now on for a day.
UPDATE ops.idempotency_keys SET request_hash = :request_hash, status = :status, headers = :headers, body = :body, created_at = now()
WHERE organization_id = :organization_id AND key = :key AND status IS NULL;

-- name: release_answer(organization_id, key)!
-- The key is free again.
DELETE FROM ops.idempotency_keys WHERE organization_id = :organization_id AND key = :key AND status IS NULL;
