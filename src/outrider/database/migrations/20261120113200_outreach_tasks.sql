-- What a person noted when a task was done, and what may be said of how it went. What is done or skipped is listed by when that was.
SET LOCAL lock_timeout = '5s';

ALTER TABLE marketing.tasks ADD COLUMN note text;
ALTER TABLE marketing.tasks ADD CONSTRAINT tasks_note_check CHECK (length(note) <= 2000) NOT VALID;
ALTER TABLE marketing.tasks ADD CONSTRAINT tasks_outcome_check CHECK (outcome IS NULL OR (state = 'done' AND length(outcome) BETWEEN 1 AND 40)) NOT VALID;
CREATE INDEX idx_tasks_closed ON marketing.tasks (organization_id, done_at, id) WHERE state IN ('done', 'skipped');
CREATE INDEX idx_tasks_assigned ON marketing.tasks (organization_id, assigned_to, due_at, id) WHERE state = 'open';
