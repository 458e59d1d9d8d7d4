-- What verification said of addresses.
SET LOCAL lock_timeout = '5s';

-- What a verification said of an address; NULL: nobody asked yet.
ALTER TABLE vault.contacts ADD COLUMN verification text;
ALTER TABLE vault.contacts ADD CONSTRAINT contacts_verification_check CHECK (verification IN ('valid', 'invalid', 'risky', 'unknown')) NOT VALID;
