"""The composed application: start page, health, logs without personal data, gzip, one answer to a lost database."""

import json

import pytest

from outrider import web
from outrider.kit import database, logs
from outrider.kit.errors import Unavailable
from tests.api.fixtures import open_client, test_settings


async def test_health_is_open_and_well(anonymous):
    assert (await anonymous.get("/api/health/live")).json()["status"] == "ok"
    for path in ("/api/health", "/api/health/ready"):
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.json()["checks"]) == (200, {"database": "ok", "migrations": "ok"})


async def test_a_pending_migration_makes_the_process_not_ready(anonymous, monkeypatch, tmp_path):
    for path in web.MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).touch()
    (tmp_path / "20990101000000_later.sql").touch()
    monkeypatch.setattr(web, "MIGRATIONS", tmp_path)
    answer = await anonymous.get("/api/health/ready")
    assert answer.status_code == 503
    assert "20990101000000_later" in answer.json()["checks"]["migrations"]


async def test_without_a_database_the_answer_is_503_and_the_process_still_lives(app, client, tmp_path):
    async with database.connect(f"postgresql://nobody@/none?host={tmp_path}"):
        answer = await client.get("/api/namespaces")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        ready = await client.get("/api/health/ready")
        assert ready.status_code == 503
        assert "does not answer" in ready.json()["checks"]["database"]
        assert (await client.get("/api/health/live")).status_code == 200
    assert (await client.get("/api/namespaces")).status_code == 200


async def test_no_log_line_holds_an_address_or_a_key(client, stranger, anonymous, capsys):
    logs.configure("DEBUG")
    address = "ana.lopez@example.org"
    for one in (client, stranger, anonymous):
        await one.post("/api/keys", json={"name": address, "role": "viewer"}, headers={"Idempotency-Key": address})
        await one.post("/api/keys", json={"name": "other", "role": "viewer"}, headers={"Idempotency-Key": address})
        await one.post("/api/keys", json={"name": [address], address: 1})
        await one.post("/api/namespaces", json={"name": address, "keywords": [address]})
        await one.post("/api/namespaces", json={"name": "acme", "keywords": [address], "description": address})
        await one.post("/api/namespaces", json={"name": "acme", "keywords": [address]})
        await one.post("/api/namespaces/test-match", json={"campaign_name": address})
        await one.post("/api/namespaces/test-match", content=address, headers={"Content-Type": "application/json"})
        await one.get(f"/api/namespaces/{address}", headers={"X-Request-ID": address, "User-Agent": address})
        await one.delete(f"/api/namespaces/acme?confirm={address}")
        await one.get(f"/api/keys?cursor={address}&limit={address}")
        await one.get(f"/{address}?{address}")
        await one.request("QUERY", f"/api/{address}")
    errors = capsys.readouterr().err
    lines = [json.loads(line) for line in errors.splitlines()]
    assert len([line for line in lines if line["event"] == "request"]) == 39
    assert "ana" not in errors.replace("organization", "").lower()
    assert "outrider_a" not in errors
    assert {"request_id", "method", "route", "status", "ms", "organization_id", "key_id"} <= set(lines[0])
    assert "/api/namespaces/{name}" in {line.get("route") for line in lines}


async def test_long_answers_are_compressed(client):
    answer = await client.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["info"]["title"] == "Outrider"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/api", "/api/", "/api/nothing", "/static/../etc/passwd"])
async def test_what_is_not_there_is_a_problem_document(client, path):
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_rate_limit_that_cannot_be_read_stops_the_start():
    with pytest.raises(Unavailable, match="OUTRIDER_RATE_LIMIT"):
        web.create_app(test_settings(rate_limit="lots"))


async def test_the_lifespan_opens_a_pool_of_its_own(urls):
    app = web.create_app(test_settings(), app_url=urls.app)
    async with app.router.lifespan_context(app), open_client(app) as nobody:
        assert (await nobody.get("/api/health")).status_code == 200
