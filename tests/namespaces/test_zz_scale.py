import time
from outrider import tenancy
from outrider.namespaces import NamespaceService
async def test_scale(organization, actor):
    async with tenancy.transaction(organization, actor) as c:
        s=NamespaceService(c, organization)
        for i in range(20): await s.create(f"n{i}", [f"client {i} x", f"zz{i}"])
        t=time.perf_counter()
        await c.execute("INSERT INTO playmaker_user_source (email, meta) SELECT 'u'||g||'@x.example', jsonb_build_object('campaign', 'Client '||(g%500)||' out') FROM generate_series(1,300000) g")
        print("insert", time.perf_counter()-t)
    async with tenancy.transaction(organization, actor) as c:
        s=NamespaceService(c, organization)
        t=time.perf_counter(); ch=await s.create("many", ["client 1"]); print("create+preview", time.perf_counter()-t, ch.moves)
    async with tenancy.transaction(organization, actor) as c:
        s=NamespaceService(c, organization)
        t=time.perf_counter(); print(await s.reroute(20000)); print("batch", time.perf_counter()-t)
        t=time.perf_counter(); print(await s.reroute(20000)); print("batch", time.perf_counter()-t)
        t=time.perf_counter(); print(await s.reroute(200000)); print("batch", time.perf_counter()-t)
        t=time.perf_counter(); print((await s.stats("playmaker")).profiles); print("stats", time.perf_counter()-t)
async def test_rate(client, pool):
    n=300
    t=time.perf_counter()
    for _ in range(n): await client.get("/api/health/live")
    print("live/s", n/(time.perf_counter()-t))
    t=time.perf_counter()
    for _ in range(n): await client.get("/api/organization")
    print("org/s", n/(time.perf_counter()-t))
    t=time.perf_counter()
    for i in range(n): await client.post("/api/namespaces/test-match", json={"campaign_name":"x"})
    print("post/s", n/(time.perf_counter()-t))
    t=time.perf_counter()
    for i in range(n): await client.post("/api/namespaces/test-match", json={"campaign_name":"x"}, headers={"Idempotency-Key":f"k{i}"})
    print("post idem/s", n/(time.perf_counter()-t))
