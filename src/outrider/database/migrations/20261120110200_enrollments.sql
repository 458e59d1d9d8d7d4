-- People in campaigns: which step comes next and when, and what a person has to do for it (seed 004, BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- A person in a campaign, by one of their addresses. Who was left out when it was resolved is here too, `excluded`, with the reason.
-- Somebody excluded may have no address at all. `next_step` is due at `next_at` at the earliest; both NULL when nothing comes any more.
-- The delay of `next_step` counts from `passed_at`, when the step before it was sent, done or left out; NULL before the first.
-- The mailbox of the thread is the ledger's.
CREATE TABLE marketing.enrollments (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    person_id uuid NOT NULL,
    contact_id bigint,
    email text,
    state text NOT NULL DEFAULT 'ready',
    reason text,
    time_zone text,
    next_step integer,
    next_at timestamptz,
    passed_at timestamptz,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    stopped_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT enrollments_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT enrollments_person_key UNIQUE (organization_id, campaign_id, person_id),
    CONSTRAINT enrollments_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT enrollments_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id),
    CONSTRAINT enrollments_contact_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES vault.contacts (organization_id, contact_id),
    CONSTRAINT enrollments_state_check CHECK (state IN ('excluded', 'ready', 'active', 'paused', 'finished', 'stopped')),
    CONSTRAINT enrollments_address_check CHECK (state = 'excluded' OR num_nulls(contact_id, email) = 0),
    CONSTRAINT enrollments_reason_check CHECK (state NOT IN ('excluded', 'stopped') OR reason IS NOT NULL)
);
-- Who was not written to yet is looked for apart from who is in the middle, so that a long list at its start holds up nobody's follow-up.
CREATE INDEX idx_enrollments_due ON marketing.enrollments (organization_id, campaign_id, state, next_at, id)
WHERE next_step IS NOT NULL AND state IN ('ready', 'active');
CREATE INDEX idx_enrollments_state ON marketing.enrollments (organization_id, campaign_id, state, id);
CREATE INDEX idx_enrollments_person ON marketing.enrollments (organization_id, person_id);
CREATE INDEX idx_enrollments_contact ON marketing.enrollments (organization_id, contact_id);
CALL kit.f_protect('marketing.enrollments');
CREATE TRIGGER enrollments_touch BEFORE UPDATE ON marketing.enrollments FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE ON marketing.enrollments TO outrider_app;

-- A LinkedIn or phone step: something that a person does, once for each enrollment and step. `outcome` is how it went, `note` what that person
-- wrote about it.
CREATE TABLE marketing.tasks (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    enrollment_id uuid NOT NULL,
    step_id uuid NOT NULL,
    channel text NOT NULL,
    instructions text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    due_at timestamptz NOT NULL,
    assigned_to uuid,
    outcome text,
    note text,
    done_by text,
    done_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tasks_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT tasks_step_key UNIQUE (organization_id, enrollment_id, step_id),
    CONSTRAINT tasks_enrollment_fkey FOREIGN KEY (organization_id, enrollment_id) REFERENCES marketing.enrollments (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT tasks_step_fkey FOREIGN KEY (organization_id, step_id) REFERENCES marketing.steps (organization_id, id),
    CONSTRAINT tasks_channel_check CHECK (channel IN ('linkedin', 'phone')),
    CONSTRAINT tasks_state_check CHECK (state IN ('open', 'done', 'skipped', 'cancelled')),
    CONSTRAINT tasks_note_check CHECK (length(note) <= 2000),
    CONSTRAINT tasks_outcome_check CHECK (outcome IS NULL OR (state = 'done' AND length(outcome) BETWEEN 1 AND 40))
);
CREATE INDEX idx_tasks_open ON marketing.tasks (organization_id, due_at, id) WHERE state = 'open';
CREATE INDEX idx_tasks_assigned ON marketing.tasks (organization_id, assigned_to, due_at, id) WHERE state = 'open';
CREATE INDEX idx_tasks_closed ON marketing.tasks (organization_id, done_at, id) WHERE state IN ('done', 'skipped');
CREATE INDEX idx_tasks_step ON marketing.tasks (organization_id, step_id);
CALL kit.f_protect('marketing.tasks');
GRANT SELECT, INSERT, UPDATE ON marketing.tasks TO outrider_app;
