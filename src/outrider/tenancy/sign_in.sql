-- name: find_login(email)^
-- What a sign-in needs to know of an address; nothing when nobody has it.
SELECT user_id, password_hash, organization_ids, last_organization_id, tenancy.f_password_from(user_id) AS password_from
FROM tenancy.f_find_login(:email);

-- name: find_oidc_login(issuer, subject, email)^
-- The same of a provider's subject, who is linked to the user with the address if they were linked to nobody.
SELECT user_id, password_hash, organization_ids, last_organization_id, NULL::uuid AS password_from
FROM tenancy.f_find_oidc_login(:issuer, :subject, :email);

-- name: login(user_id)^
-- Address and password hash of a user.
SELECT email, password_hash FROM tenancy.f_login(:user_id);

-- name: replace_password(user_id, was, password_hash)$
-- True when the hash was still the one that was checked.
SELECT tenancy.f_replace_password(:user_id, :was, :password_hash);

-- name: attempt(keys, free)$
-- Counts an attempt and gives 0, or counts nothing and gives the seconds to wait.
SELECT tenancy.f_attempt(:keys, :free);

-- name: forgive(uncounted, forgotten)$
-- An attempt succeeded after all.
SELECT tenancy.f_forgive(:uncounted, :forgotten);

-- name: ask_reset(email, token_hash)$
-- True when a link was made: a member has the address.
SELECT tenancy.f_ask_reset(:email, :token_hash);

-- name: find_reset(token_hash)^
-- Whose link it is; nothing when it does not hold.
SELECT user_id, email FROM tenancy.f_find_reset(:token_hash);

-- name: use_reset(token_hash, password_hash)$
-- The user whose password was set, NULL when the link does not hold.
SELECT tenancy.f_use_reset(:token_hash, :password_hash);

-- name: second_factor(user_id)^
-- A user's second factor, being set up or in force; nothing without one.
SELECT secret, confirmed_at, codes_left FROM tenancy.f_second_factor(:user_id);

-- name: begin_second_factor(user_id, secret)$
-- False when one is in force.
SELECT tenancy.f_begin_second_factor(:user_id, :secret);

-- name: take_step(user_id, step)$
-- False when this code, or a later one, was taken before.
SELECT tenancy.f_take_step(:user_id, :step);

-- name: reseal_second_factor(user_id, was, secret)$
-- Encrypted anew.
SELECT tenancy.f_reseal_second_factor(:user_id, :was, :secret);

-- name: set_recovery_codes(user_id, code_hashes)$
-- False without a second factor.
SELECT tenancy.f_set_recovery_codes(:user_id, :code_hashes);

-- name: take_recovery_code(user_id, code_hash)$
-- False when there is no such code.
SELECT tenancy.f_take_recovery_code(:user_id, :code_hash);

-- name: remove_second_factor(user_id)$
-- False when there was none.
SELECT tenancy.f_remove_second_factor(:user_id);

-- name: use_oidc_state(state_hash, forget_at)$
-- False when it was used before.
SELECT tenancy.f_use_oidc_state(:state_hash, :forget_at);
