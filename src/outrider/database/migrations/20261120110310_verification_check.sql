-- By itself, so that nobody waits while rows are looked at.
SET LOCAL lock_timeout = '5s';

ALTER TABLE vault.contacts VALIDATE CONSTRAINT contacts_verification_check;
