"""The tables of seeds 000 and 001 as their documents list them: every column with its type, nullability and default, every index.

Ours may stand after or between them; what a document says may not be missing or different.
"""

import re

import pytest

KINDS = {"bigserial": "bigint", "timestamptz": "timestamp with time zone"}

# seed 001, "Tables": column, type, nullable, default where the description names one (a bigserial is an identity: DESIGN ruling 4).
SEED_001 = {
    "intake.raw_loads": """
        load_id bigserial NO | batch_id text NO | source text NO | raw_data jsonb NO | status text NO | created_at timestamptz NO
        | promoted_at timestamptz YES | metadata jsonb NO""",
    "vault.contacts": """
        contact_id bigserial NO | email text NO | name text YES | phone text YES | company text YES | title text YES | source text NO
        | tags jsonb NO [] | custom_fields jsonb NO {} | load_id bigint YES | created_at timestamptz NO | updated_at timestamptz NO
        | last_activity_at timestamptz YES | score numeric(5,2) NO 0 | status text NO""",
    "intake.audit_log": """
        log_id bigserial NO | action text NO | load_id bigint YES | contact_id bigint YES | details jsonb NO | timestamp timestamptz NO""",
    "company.master": """
        id uuid NO | domain text NO | name text YES | industry text YES | employee_count integer YES | revenue numeric YES
        | location text YES | linkedin_url text YES | website text YES | created_at timestamptz NO | updated_at timestamptz NO
        | enriched_at timestamptz YES | status text NO""",
    "company.slot": """
        id uuid NO | domain text NO | raw_data jsonb NO | validation_status text NO | created_at timestamptz NO
        | promoted_at timestamptz YES""",
    "company.history": """
        history_id bigserial NO | company_id uuid NO | changed_fields jsonb NO | old_values jsonb NO | new_values jsonb NO
        | changed_by text YES | changed_at timestamptz NO""",
    "people.master": """
        id uuid NO | email text NO | name text YES | first_name text YES | last_name text YES | title text YES | company_id uuid YES
        | linkedin_url text YES | phone text YES | location text YES | seniority text YES | department text YES
        | created_at timestamptz NO | updated_at timestamptz NO | enriched_at timestamptz YES | status text NO""",
    "people.slot": """
        id uuid NO | email text NO | raw_data jsonb NO | validation_status text NO | created_at timestamptz NO
        | promoted_at timestamptz YES""",
    "people.intelligence": """
        id uuid NO | person_id uuid NO | linkedin_data jsonb NO | skills text[] YES | experience jsonb YES | education jsonb YES
        | fetched_at timestamptz NO | stale_at timestamptz NO""",
    "people.history": """
        history_id bigserial NO | person_id uuid NO | changed_fields jsonb NO | old_values jsonb NO | new_values jsonb NO
        | changed_by text YES | changed_at timestamptz NO""",
}

# What a row that does not say it gets: the seed's defaults, and the first of its statuses.
STATUSES = {
    "intake.raw_loads.status": ("pending", "pending promoted failed duplicate"),
    "vault.contacts.status": ("active", "active inactive bounced unsubscribed"),
    "company.master.status": ("active", "active inactive archived"),
    "people.master.status": ("active", "active inactive bounced"),
    "company.slot.validation_status": ("pending", "pending validated rejected"),
    "people.slot.validation_status": ("pending", "pending validated rejected"),
}

# seed 001, "Indexes": name, what it leads with after organization_id, whether it is unique.
INDEXES_001 = [
    ("intake.idx_raw_loads_batch_id", "batch_id", False), ("intake.idx_raw_loads_source", "source", False),
    ("intake.idx_raw_loads_status", "status", False), ("intake.idx_raw_loads_created_at", "created_at DESC", False),
    ("vault.idx_contacts_email", "email", True), ("vault.idx_contacts_source", "source", False),
    ("vault.idx_contacts_created_at", "created_at DESC", False), ("vault.idx_contacts_score", "score DESC", False),
    ("vault.idx_contacts_status", "status", False), ("vault.idx_contacts_company", "company", False),
    ("company.idx_company_domain", "domain", True), ("company.idx_company_name", "name", False),
    ("company.idx_company_industry", "industry", False), ("people.idx_people_email", "email", True),
    ("people.idx_people_company_id", "company_id", False), ("people.idx_people_linkedin_url", "linkedin_url", False),
]  # fmt: skip

REFERENCES_001 = [
    ("company.history", "company_id", "company.master"), ("people.history", "person_id", "people.master"),
    ("people.intelligence", "person_id", "people.master"), ("people.master", "company_id", "company.master"),
    ("vault.contacts", "load_id", "intake.raw_loads"),
]  # fmt: skip

# seed 000, "Schema Consistency Rules", in its order.
SEED_000 = """
    id uuid | email character varying | first_name character varying | last_name character varying | company character varying
    | linkedin_profile text | platform character varying | enrichment_data jsonb | icp_score integer | behaviour_score integer
    | lead_score integer | apollo_enriched_at timestamp with time zone | last_scored_at timestamp with time zone | meta jsonb
    | created_at timestamp with time zone | updated_at timestamp with time zone"""

COLUMNS = """
    SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
        a.attidentity <> '' AS is_identity,
        pg_get_expr(d.adbin, d.adrelid) AS default
    FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


def cells(table: str) -> list[list[str]]:
    return [cell.strip().split(maxsplit=3) for cell in re.sub(r"\s+", " ", table).strip().split("|")]


@pytest.mark.parametrize("table", SEED_001)
async def test_a_table_of_seed_001_has_its_columns_types_and_nullability(catalogue, table):
    there = {row["name"]: row for row in await catalogue.fetch(COLUMNS, table)}
    for name, kind, nullable, *default in cells(SEED_001[table]):
        column = there[name]
        assert column["type"] == KINDS.get(kind, kind), name
        assert column["required"] is (nullable == "NO"), name
        assert column["is_identity"] is (kind == "bigserial"), name
        if default:
            assert column["default"].strip("'").split("'::")[0] == default[0], name


@pytest.mark.parametrize("column", STATUSES)
async def test_a_status_starts_as_the_seed_says_and_takes_the_seeds_words_and_no_others(catalogue, column):
    table, _, name = column.rpartition(".")
    first, words = STATUSES[column]
    assert {row["name"]: row["default"] for row in await catalogue.fetch(COLUMNS, table)}[name] == f"'{first}'::text"
    rules = await catalogue.fetch(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c' "
        "AND pg_get_constraintdef(oid) ~ $2",
        table, rf"\({name} = ANY",
    )  # fmt: skip
    assert set(re.findall(r"'(\w+)'::text", rules[0][0])) == set(words.split())


@pytest.mark.parametrize("column", ["created_at", "updated_at", "changed_at", "fetched_at", "timestamp"])
async def test_times_that_the_seed_wants_are_set_when_nobody_sets_them(catalogue, column):
    for table in SEED_001:
        for row in await catalogue.fetch(COLUMNS, table):
            if row["name"] == column:
                assert row["default"] == "now()", (table, column)


async def test_intelligence_goes_stale_after_thirty_days(catalogue):
    columns = {row["name"]: row["default"] for row in await catalogue.fetch(COLUMNS, "people.intelligence")}
    assert columns["stale_at"] == "(now() + '30 days'::interval)"


@pytest.mark.parametrize(("index", "leads_with", "unique"), INDEXES_001)
async def test_an_index_of_seed_001_is_there_and_leads_with_its_column_inside_the_organization(catalogue, index, leads_with, unique):
    definition, is_unique, is_valid, size = await catalogue.fetchrow(
        "SELECT pg_get_indexdef(indexrelid), indisunique, indisvalid, indnkeyatts FROM pg_index WHERE indexrelid = $1::text::regclass",
        index,
    )
    keys = [key.strip() for key in re.search(r"USING btree \(([^)]*)\)", definition).group(1).split(",")]
    assert keys[:2] == ["organization_id", leads_with]
    assert is_unique is unique
    assert is_valid
    assert size == 2


async def test_the_index_on_the_payloads_address_is_a_hash_that_takes_an_address_of_any_length(catalogue):
    """As seed 001 writes it, (raw_data->>'email'); a B-tree would refuse what a source may say there."""
    definition = await catalogue.fetchval("SELECT pg_get_indexdef('intake.idx_raw_loads_raw_data_email'::regclass)")
    assert definition.endswith("USING hash (((raw_data ->> 'email'::text)))")


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES_001)
async def test_a_foreign_key_of_seed_001_is_there_inside_the_organization(catalogue, table, column, target):
    found = await catalogue.fetch(
        """
        SELECT ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (n, i)
                     INNER JOIN pg_attribute ON attrelid = c.conrelid AND attnum = k.n ORDER BY i) AS columns
        FROM pg_constraint AS c WHERE contype = 'f' AND conrelid = $1::text::regclass AND confrelid = $2::text::regclass
        """,
        table, target,
    )  # fmt: skip
    assert ["organization_id", column] in [row["columns"] for row in found]


@pytest.mark.parametrize("table", ["playmaker_user_source", "acme_corp_user_source"])
async def test_every_profile_table_has_the_columns_of_seed_000_in_its_order(catalogue, house, table):
    there = [(row["name"], row["type"]) for row in await catalogue.fetch(COLUMNS, f"org_{house.organization.hex}.{table}")]
    wanted = [tuple(cell.split(maxsplit=1)) for cell in re.sub(r"\s+", " ", SEED_000).strip().split(" | ")]
    assert there[: len(wanted)] == wanted


async def test_all_profile_tables_are_of_one_shape(catalogue, house):
    def shape(rows):
        return [tuple(row.values()) for row in rows if row["name"] != "namespace_id"]

    org = f"org_{house.organization.hex}"
    parent = shape(await catalogue.fetch(COLUMNS, "people.profiles"))
    assert parent == shape(await catalogue.fetch(COLUMNS, f"{org}.playmaker_user_source"))
    assert parent == shape(await catalogue.fetch(COLUMNS, f"{org}.acme_corp_user_source"))


async def test_the_address_is_unique_in_a_profile_table_and_its_id_the_primary_key(catalogue, house):
    keys = await catalogue.fetch(
        "SELECT contype::text, pg_get_constraintdef(oid) AS rule FROM pg_constraint WHERE conrelid = $1::text::regclass "
        "AND contype IN ('p', 'u')",
        f"org_{house.organization.hex}.playmaker_user_source",
    )
    assert {row["rule"] for row in keys} == {"PRIMARY KEY (organization_id, id, namespace_id)", "UNIQUE (email)"}


@pytest.mark.parametrize(
    ("signature", "result"),
    [
        ("intake.f_ingest_json", "TABLE(load_id bigint, status text, message text)"),
        ("vault.f_promote_contacts", "TABLE(promoted_count integer, updated_count integer, failed_count integer, message text)"),
    ],
)
async def test_the_functions_of_seed_001_answer_with_its_columns(catalogue, signature, result):
    assert await catalogue.fetchval("SELECT pg_get_function_result($1::text::regproc)", signature) == result


async def test_seed_000_finds_what_has_been_executed_in_migrations_log(catalogue):
    assert await catalogue.fetchval("SELECT count(*) FROM migrations_log") >= 17
