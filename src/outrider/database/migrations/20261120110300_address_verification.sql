-- What verification said of addresses.
SET LOCAL lock_timeout = '5s';

-- What a verification said of an address; NULL: nobody asked yet. `catchall`: its server takes every address, so this one may or may not be
-- somebody's.
ALTER TABLE vault.contacts ADD COLUMN verification text;
ALTER TABLE vault.contacts ADD CONSTRAINT contacts_verification_check CHECK (verification IN ('valid', 'catchall', 'unknown', 'invalid')) NOT VALID;
