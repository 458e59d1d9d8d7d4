import time
from outrider import tenancy
from outrider.namespaces import NamespaceService
async def test_scale(organization, actor, admin):
    async with tenancy.transaction(organization, actor) as c:
        s=NamespaceService(c, organization)
        for i in range(20): await s.create(f"n{i}", [f"client {i} x", f"zz{i}"])
    sch=tenancy.schema_of(organization)
    nid=await admin.fetchval("SELECT id FROM tenancy.namespaces WHERE organization_id=$1 AND is_default", organization)
    for analyze in (False, True):
        await admin.execute("SET session_replication_role=replica")
        await admin.execute(f"INSERT INTO {sch}.playmaker_user_source (organization_id, namespace_id, email, meta) SELECT '{organization}', '{nid}', 'u'||g||'@x{analyze}.example', jsonb_build_object('campaign', 'Client '||(g%5000)||' out') FROM generate_series(1,300000) g")
        await admin.execute("SET session_replication_role=origin")
        if analyze: await admin.execute("ANALYZE people.profiles")
        async with tenancy.transaction(organization, actor) as c:
            s=NamespaceService(c, organization)
            if not analyze: await s.create("many", ["client 1"])
            for _ in range(2):
                t=time.perf_counter(); print(await c.fetch("SELECT * FROM people.f_reroute(true)")); print(time.perf_counter()-t)
        async with tenancy.transaction(organization, actor) as c:
            s=NamespaceService(c, organization)
            for _ in range(2):
                t=time.perf_counter(); print(await s.reroute(20000)); print("batch", time.perf_counter()-t)
