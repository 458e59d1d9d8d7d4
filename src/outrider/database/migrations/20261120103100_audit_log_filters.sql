-- Ways into the audit log: by time, action, actor, load and contact. Rows that are written together share their time (and action and
-- actor), so these indexes stay a few bytes a row; the log_id, which orders such rows, is left out for that.
SET LOCAL lock_timeout = '5s';

CREATE INDEX idx_audit_log_time ON intake.audit_log (organization_id, "timestamp");
CREATE INDEX idx_audit_log_action ON intake.audit_log (organization_id, action, "timestamp");
CREATE INDEX idx_audit_log_actor ON intake.audit_log (organization_id, actor, "timestamp");
CREATE INDEX idx_audit_log_load ON intake.audit_log (organization_id, load_id) WHERE load_id IS NOT NULL;
CREATE INDEX idx_audit_log_contact ON intake.audit_log (organization_id, contact_id) WHERE contact_id IS NOT NULL;

-- Made by the migration before this one.
ALTER TABLE intake.imports VALIDATE CONSTRAINT imports_parent_fkey;
