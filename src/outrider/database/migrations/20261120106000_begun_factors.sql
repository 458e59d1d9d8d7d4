-- A second factor that was begun and not finished ends with the password: who knew the old one may have seen the factor's key, and kept it.
SET LOCAL lock_timeout = '5s';

CREATE FUNCTION tenancy.f_forget_begun_factor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.second_factors WHERE user_id = NEW.id AND confirmed_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER users_forget_begun_factor AFTER UPDATE OF password_hash ON tenancy.users
FOR EACH ROW WHEN (old.password_hash IS DISTINCT FROM new.password_hash) EXECUTE FUNCTION tenancy.f_forget_begun_factor();
