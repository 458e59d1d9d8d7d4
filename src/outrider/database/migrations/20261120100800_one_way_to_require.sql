-- tenancy.change_organization says whether a second factor is required, and tenancy.f_note_change writes it down.
SET LOCAL lock_timeout = '5s';

-- Nothing calls it.
-- squawk-ignore ban-drop-function
DROP FUNCTION tenancy.f_require_second_factor(boolean);
