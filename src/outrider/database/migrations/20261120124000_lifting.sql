-- Taking a suppression away lets people be written to again: what it had made of their address goes with it.
SET LOCAL lock_timeout = '5s';

-- Takes a suppression away. When it held an address for everything, the contact is active again: after an unsubscribe or a complaint it is
-- `unsubscribed`, after a bounce `bounced`. A status that says more than the suppression stays. Returns whether there was one.
CREATE FUNCTION sending.f_lift(p_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_gone sending.suppressions;
BEGIN
    DELETE FROM sending.suppressions AS s WHERE s.organization_id = v_organization AND s.id = p_id RETURNING s.* INTO v_gone;
    IF v_gone.kind = 'address' AND v_gone.campaign_id IS NULL THEN
        UPDATE vault.contacts AS k SET status = 'active'
        WHERE k.organization_id = v_organization AND k.email = v_gone.value
            AND (k.status = 'bounced' OR (k.status = 'unsubscribed' AND v_gone.reason IN ('unsubscribe', 'complaint')));
    END IF;
    RETURN v_gone.id IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_lift(uuid) TO outrider_app;
REVOKE DELETE ON sending.suppressions FROM outrider_app;
