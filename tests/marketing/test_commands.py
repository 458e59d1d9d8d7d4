"""`outrider lists`, `segments`, `templates`, `campaigns` as a script uses them."""

from tests.api.catalogue import make_task


async def test_lists_and_segments_are_made_filled_and_counted(outrider_json, add_person):
    await add_person("ana@one.example")
    await add_person("bo@two.example")
    assert (await outrider_json("lists", "create", "Fair"))[1]["people"] == 0
    assert await outrider_json("lists", "add", "fair", "--filter", "email=ana@one.example") == (0, {"people": 1})
    assert await outrider_json("lists", "remove", "fair", "--everyone") == (0, {"people": 1})
    assert (await outrider_json("segments", "create", "Everyone", "--everyone"))[0] == 0
    assert await outrider_json("segments", "count", "everyone") == (0, {"people": 2, "is_exact": True})
    code, told = await outrider_json("lists", "add", "Fair")
    assert (code, "--everyone" in told) == (1, True)


async def test_a_campaign_is_resolved_and_its_start_says_what_is_missing(outrider_json, client, add_person):
    await add_person("ana@one.example")
    segment = (await client.post("/api/segments", json={"name": "Everyone", "filters": {}})).json()["id"]
    await client.post("/api/campaigns", json={"name": "Q4 push", "segments": [segment]})
    code, counts = await outrider_json("campaigns", "resolve", "q4 PUSH")
    assert (code, counts) == (0, {"total": 1, "excluded": {}, "eligible": 1, "inserted": 1})
    assert (await outrider_json("campaigns", "show", "Q4 push"))[1]["enrollments"] == {"ready": 1}
    assert (await outrider_json("campaigns", "duplicate", "Q4 push"))[1]["name"] == "Copy of Q4 push"
    code, told = await outrider_json("campaigns", "start", "Q4 push")
    assert (code, "physical address" in told) == (4, True)
    code, told = await outrider_json("campaigns", "start", "Q4 push", "--at", "2020-01-01T09:00")
    assert (code, "still to come" in told) == (2, True)
    assert (await outrider_json("campaigns", "cancel", "Q4 push"))[1]["state"] == "cancelled"
    assert (await outrider_json("campaigns", "show", "nobody"))[0] == 3


async def test_addresses_of_a_file_are_put_on_a_list(outrider_json, add_person, tmp_path):
    await add_person("ana@one.example")
    (tmp_path / "fair.txt").write_text("Ana Lima <ana@one.example>\nnobody@one.example\n")
    await outrider_json("lists", "create", "Fair")
    assert await outrider_json("lists", "paste", "Fair", str(tmp_path / "fair.txt")) == (
        0,
        {"people": 1, "not_found": ["nobody@one.example"]},
    )


async def test_tasks_are_listed_done_put_back_and_skipped(outrider_json, client):
    id = (await make_task(client))["id"]
    code, found = await outrider_json("tasks", "list", "--channel", "phone")
    assert (code, [one["instructions"] for one in found]) == (0, ["Call Ana Lima"])
    assert (await outrider_json("tasks", "done", id, "reached", "--note", "Again in May"))[1]["outcome"] == "reached"
    assert await outrider_json("tasks", "list") == (0, [])
    assert (await outrider_json("tasks", "reopen", id))[1]["state"] == "open"
    assert (await outrider_json("tasks", "skip", id))[1]["state"] == "skipped"
    assert (await outrider_json("tasks", "skip", id))[0] == 4
    code, told = await outrider_json("tasks", "done", id, "danced")
    assert (code, "must be one of reached" in told) == (2, True)


async def test_what_has_a_name_is_found_by_it_or_by_its_id_and_one_name_of_two_is_told(outrider_json, client):
    made = (await outrider_json("lists", "create", "Fair"))[1]
    assert (await outrider_json("lists", "delete", made["id"]))[1] == {"deleted": "Fair"}
    ids = [(await client.post("/api/campaigns", json={"name": "Q4"})).json()["campaign_id"] for _ in range(2)]
    code, told = await outrider_json("activity", "list", "--campaign", "q4")
    assert (code, all(id in told for id in ids)) == (4, True)
    assert await outrider_json("activity", "list", "--campaign", ids[0]) == (0, [])
    assert (await outrider_json("intents", "list", "--person", "nobody@one.example"))[0] == 3
    assert (await outrider_json("webhooks", "deliveries", "--webhook", "none"))[0] == 3
