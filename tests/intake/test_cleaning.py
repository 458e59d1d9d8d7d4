"""Cleaning, value by value, in the database (BEHAVIOUR 3): addresses, names, companies, countries, numbers, domains."""

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.thorough import TIMES

from .lead_loads import bring_in, contact, golden, ingest

# Text that PostgreSQL can hold.
anything = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
spaces = st.text(" \t\n\r\f\v\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\ufeff", max_size=4)
many = settings(max_examples=50 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def ask(connection: asyncpg.Connection, function: str, *texts: str | None):
    """Call a cleaning function."""
    return await connection.fetchval(f"SELECT {function}({', '.join(f'${n}' for n in range(1, len(texts) + 1))})", *texts)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (" Ann@X.COM ", "ann@x.com"), ("\u00a0\tann@x.com\ufeff\u200b", "ann@x.com"), ("Ann Lee <Ann@x.com>", "ann@x.com"),
        ('"Lee, Ann" <ann@x.com>', "ann@x.com"), ("mailto:ann@x.com", "ann@x.com"), ("MAILTO: Ann@x.com", "ann@x.com"),
        ("Ann <mailto:ann@x.com>", "ann@x.com"), ("mailto:ann@x.com?subject=Hi%20there", "ann@x.com"), ("ann@\u200bx.com", "ann@x.com"),
        ("ÉLODIE@Bücher.example", "élodie@bücher.example"), ("", None), (" \u3000", None), (None, None), ("<>", None),
        ("ann+news@x.com", "ann+news@x.com"), ("o'brien@x.com", "o'brien@x.com"),
    ],
)  # fmt: skip
async def test_an_address_is_read_as_it_identifies_somebody(admin, said, address):
    assert await ask(admin, "intake.f_address", said) == address


@many
@given(
    text=anything
    | st.builds(lambda a, b, c: f"{a}<{b}>{c}", anything, anything, anything)
    | st.builds("{}mailto:{}".format, spaces, anything)
)
@example(text="<mailto:a@b.cd>")
@example(text="mailto:mailto:a@b.cd")
@example(text="\u200b \u200b<\u00a0<a@b.cd>>")
@example(text="İ@x.com")
async def test_reading_an_address_twice_changes_nothing_more(admin, text):
    once = await ask(admin, "intake.f_address", text)
    assert await ask(admin, "intake.f_address", once) == once
    assert once is None or once == once.strip()


@many
@given(before=spaces, after=spaces, flips=st.lists(st.booleans(), min_size=20, max_size=20))
async def test_case_and_spaces_around_do_not_make_another_address(admin, before, after, flips):
    text = "".join(c.upper() if up else c for c, up in zip("ann.lee+x@example.co", flips, strict=True))
    assert await ask(admin, "intake.f_address", before + text + after) == "ann.lee+x@example.co"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (None, "no_email"), ("a@b.c", "bad_email"), ("a@b.co", None), ("a@bc", "bad_email"), ("@b.co", "bad_email"), ("a@", "bad_email"),
        ("x" * 64 + "@b.co", None), ("x" * 65 + "@b.co", "bad_email"), ("x@" + "b." * 124 + "com", None),
        ("x@" + "b." * 125 + "com", "bad_email"),
        ("a@-b.com", "bad_email"), ("a@b-.com", "bad_email"), ("a@b..com", "bad_email"), (".a@b.com", "bad_email"),
        ("a.@b.com", "bad_email"),
        ("a..b@b.com", "bad_email"), ("a@b@c.com", "bad_email"), ("a b@c.com", "bad_email"), ("a,b@c.com", "bad_email"),
        ("a@1.2.3.4", "bad_email"),
        ("a@b.com.", "bad_email"), ("a@b_c.com", "bad_email"), ("élodie@bücher.example", None), ("a@xn--bcher-kva.example", None),
        ("noreply@x.com", "filtered_email"), ("no-reply@x.com", "filtered_email"), ("mailer-daemon@x.com", "filtered_email"),
        ("postmaster@x.com", "filtered_email"), ("hostmaster@x.com", "filtered_email"), ("abuse@x.com", "filtered_email"),
        ("spam@x.com", "filtered_email"), ("webmaster@x.com", "filtered_email"), ("test@x.com", "filtered_email"),
        ("contest@x.com", None), ("latest@x.com", None), ("tester@x.com", None), ("test.ann@x.com", None), ("ann@noreply.com", None),
        ("info@x.com", None), ("sales@x.com", None),
    ],
)  # fmt: skip
async def test_an_address_is_usable_or_the_reason_is_named(admin, address, problem):
    assert await ask(admin, "intake.f_address_problem", address) == problem


@pytest.mark.parametrize("local", ["info", "contact", "sales", "admin", "support", "hello", "office", "general"])
async def test_a_role_address_is_taken_and_tagged_and_nobody_is_named_after_it(tenant, local):
    await bring_in(tenant, {"email": f"{local}@acme.com"}, {"email": f"{local}.x@acme.com", "name": "Ann Lee"})
    row = await contact(tenant, f"{local}@acme.com")
    assert (row["tags"], row["name"], row["first_name"], row["last_name"]) == (["role"], None, None, None)
    assert (await contact(tenant, f"{local}.x@acme.com"))["tags"] == []


@pytest.mark.parametrize(
    ("given_name", "first", "last", "email", "expected"),
    [
        ("Ann Lee", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee", "Anna", "Leigh", "x@a.com", ("Ann Lee", "Anna", "Leigh")),
        (None, "Ann", "Lee", "zoe.may@a.com", ("Ann Lee", "Ann", "Lee")),
        (None, "Ann", None, "zoe.may@a.com", ("Ann", "Ann", None)),
        ("Ann Lee", "Ann", None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee", None, "Lee", "x@a.com", ("Ann Lee", "Ann", "Lee")),
        (None, None, None, "ann.lee@a.com", ("Ann Lee", "Ann", "Lee")),
        (None, None, None, "ann_lee@a.com", ("Ann Lee", "Ann", "Lee")),
        (None, None, None, "annlee@a.com", (None, None, None)),
        (None, None, None, "a.lee@a.com", (None, None, None)),
        (None, None, None, "ann.lee2@a.com", (None, None, None)),
        (None, None, None, "ann-lee@a.com", (None, None, None)),
        (None, None, None, "ann.b.lee@a.com", (None, None, None)),
        (None, None, None, "sales@a.com", (None, None, None)),
        (None, None, None, "sales.team@a.com", (None, None, None)),
        (None, None, None, "info_desk@a.com", (None, None, None)),
        ("Dr. Ann Lee", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Prof. Dr. Ann Lee", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Mr Ann Lee Jr.", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee, Ph.D.", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee, MBA, PMP", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee III", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann Lee, CFA", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        (None, "Dr. Ann", "Lee, MD", "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ms. Mistry", "Ms.", "Mistry", "x@a.com", ("Mistry", None, "Mistry")),
        ("Drew Missler", None, None, "x@a.com", ("Drew Missler", "Drew", "Missler")),
        ("Lee, Ann", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("van der Berg, Jan", None, None, "x@a.com", ("Jan van der Berg", "Jan", "van der Berg")),
        ("Lee, Dr. Ann", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Lee,", None, None, "x@a.com", ("Lee", "Lee", None)),
        ("Jan van der Berg", None, None, "x@a.com", ("Jan van der Berg", "Jan", "van der Berg")),
        ("Ana de la Cruz", None, None, "x@a.com", ("Ana de la Cruz", "Ana", "de la Cruz")),
        ("Ali bin Said", None, None, "x@a.com", ("Ali bin Said", "Ali", "bin Said")),
        ("Omar al Rashid", None, None, "x@a.com", ("Omar al Rashid", "Omar", "al Rashid")),
        ("Maria von Trapp", None, None, "x@a.com", ("Maria von Trapp", "Maria", "von Trapp")),
        ("Van Morrison", None, None, "x@a.com", ("Van Morrison", "Van", "Morrison")),
        ("Mary Jane Watson", None, None, "x@a.com", ("Mary Jane Watson", "Mary", "Watson")),
        ("  Ann \t  Lee ", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Ann    Lee", None, None, "x@a.com", ("Ann Lee", "Ann", "Lee")),
        ("Cher", None, None, "x@a.com", ("Cher", "Cher", None)),
        ("Jack Ma", None, None, "x@a.com", ("Jack Ma", "Jack", "Ma")),
        ("O'Brien-Smith, Seán", None, None, "x@a.com", ("Seán O'Brien-Smith", "Seán", "O'Brien-Smith")),
    ],
)  # fmt: skip
async def test_a_name_is_what_was_said_and_is_guessed_only_where_an_address_spells_it(tenant, given_name, first, last, email, expected):
    await bring_in(tenant, {"email": email, "name": given_name, "first_name": first, "last_name": last})
    row = await contact(tenant, email)
    assert (row["person_name"], row["first_name"], row["last_name"]) == expected
    assert row["name"] == expected[0]


@pytest.mark.parametrize(
    "nothing",
    ["", " ", "-", "N/A", "n/a", "null", "None", "Unknown", "test", "First Name", "{{first_name}}", '{"first": "Ann"}', '["Ann"]'],
)
@pytest.mark.parametrize("field", ["name", "title", "company", "phone", "linkedin_url", "location", "industry", "website", "seniority"])
async def test_what_only_says_that_nothing_is_known_fills_nothing(tenant, field, nothing):
    await bring_in(tenant, {"email": "x1@acme.com", field: nothing})
    row = await contact(tenant, "x1@acme.com")
    columns = {"name": "person_name", "title": "person_title", "industry": "domain", "website": "domain"}
    if field in ("industry", "website"):
        assert await tenant.fetchval(f"SELECT {field} FROM company.master") is None  # noqa: S608
    else:
        assert row[columns.get(field, field)] is None


@many
@given(text=anything)
@example(text="a      b")
@example(text=" \u200b ")
@example(text="\u200b \u200b")
@example(text="a \u200b b")
@example(text="\xad{")
@example(text=' \u2003["a"]')
async def test_cleaned_text_has_single_spaces_inside_and_none_around_and_stays_as_it_is(admin, text):
    once = await ask(admin, "intake.f_clean", text)
    assert once is None or (once == once.strip(" \t\n\r\f\v\u00a0") and "  " not in once and once != "")
    assert await ask(admin, "intake.f_clean", once) == once


@pytest.mark.parametrize(("length", "kept"), [(1, False), (2, True), (200, True), (201, False)])
async def test_a_company_has_two_to_two_hundred_characters(tenant, length, kept):
    await bring_in(tenant, {"email": "x1@acme.com", "name": "Ann Lee", "company": "C" * length})
    assert (await contact(tenant, "x1@acme.com"))["company"] == ("C" * length if kept else None)
    assert ("unusable_company" in await tenant.fetchval("SELECT reasons FROM people.slot")) is not kept


@pytest.mark.parametrize(
    ("row", "domain"),
    [
        ({"email": "a1@acme.com"}, "acme.com"), ({"email": "a1@gmail.com"}, None), ({"email": "a1@googlemail.com"}, None),
        ({"email": "a1@yahoo.co.uk"}, None), ({"email": "a1@gmx.de"}, None), ({"email": "a1@proton.me"}, None),
        ({"email": "a1@web.de"}, None),
        ({"email": "a1@gmail.com", "domain": "acme.com"}, "acme.com"),
        ({"email": "a1@gmail.com", "website": "https://www.Acme.com/about?x=1"}, "acme.com"),
        ({"email": "a1@acme.com", "website": "https://linkedin.com/company/acme"}, "acme.com"),
        ({"email": "a1@acme.com", "domain": "gmail.com"}, "acme.com"), ({"email": "a1@gmail.com", "domain": "gmail.com"}, None),
        ({"email": "a1@gmail.com", "website": "http://www.yahoo.com"}, None),
        ({"email": "a1@mail.acme.com", "domain": "acme.com"}, "acme.com"),
        ({"email": "a1@acme.com", "domain": "d" * 60 + ".com"}, None), ({"email": "a1@gmail.com", "domain": "d." * 150 + "com"}, None),
    ],
)  # fmt: skip
async def test_a_persons_company_is_the_one_named_or_the_one_of_the_address_unless_it_is_free_mail(tenant, row, domain):
    await bring_in(tenant, row)
    assert (await golden(tenant))[0]["domain"] == domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.com", "acme.com"), ("ACME.com", "acme.com"), ("www.acme.com", "acme.com"), ("https://www.acme.com/x?y#z", "acme.com"),
        ("http://user:pw@acme.com:8080/", "acme.com"), ("ann@acme.com", "acme.com"), ("acme.com.", "acme.com"),
        ("a.b.acme.co.uk", "a.b.acme.co.uk"),
        ("bücher.example", "bücher.example"), ("//acme.com", None), ("acme", None), ("n/a", None), ("10.0.0.1", None), ("acme com", None),
        ("", None),
        (None, None), ("d" * 250 + ".com", None), ("d." * 150 + "com", None),
    ],
)  # fmt: skip
async def test_the_domain_of_a_web_address(admin, text, domain):
    assert await ask(admin, "intake.f_domain", text) == domain


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"country": "Germany"}, "DE"), ({"country": "Austria"}, "AT"), ({"country": "Deutschland"}, "DE"),
        ({"country": "Österreich"}, "AT"),
        ({"country": "ÖSTERREICH"}, "AT"), ({"country": "Türkiye"}, "TR"), ({"country": "TÜRKİYE"}, "TR"), ({"country": "Brasil"}, "BR"),
        ({"country": "España"}, "ES"), ({"country": "USA"}, "US"), ({"country": "United States"}, "US"), ({"country": "UK"}, "GB"),
        ({"country": "us"}, "US"), ({"country": "CA"}, "CA"), ({"country": "DEU"}, "DE"), ({"country": "Korea"}, "KR"),
        ({"country": "日本"}, "JP"),
        ({"country": "Gerolstein"}, None), ({"country": "Aurelia"}, None), ({"country": "We are in DE"}, None), ({"country": "n/a"}, None),
        ({"location": "San Francisco, CA"}, None), ({"location": "Berlin, Germany"}, "DE"), ({"location": "Wien, Österreich"}, "AT"),
        ({"location": "Deutschland"}, "DE"), ({"location": "Deutsch"}, None), ({"location": "Indianapolis, IN"}, None),
        ({"location": "In the north of Germany"}, None), ({"location": "Toronto, Canada"}, "CA"), ({"location": "Atlanta, Georgia"}, None),
        ({"city": "San Francisco", "state": "CA"}, None), ({"city": "Atlanta", "state": "Georgia"}, None),
        ({"city": "Berlin", "country": "Germany"}, "DE"), ({"city": "Paris", "state": "", "country": "FR"}, "FR"),
    ],
)  # fmt: skip
async def test_a_country_is_a_code_from_a_name_and_never_from_two_letters_of_something_else(tenant, row, code):
    await bring_in(tenant, {"email": "a1@acme.com"} | row)
    assert (await contact(tenant, "a1@acme.com"))["country_code"] == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("350", 350), ("1,234", 1234), ("1.234.567", 1234567), ("1.234", 1234), ("1 234 567", 1234567), ("1'234'567", 1234567),
        ("11-50", 11),
        ("10,000+", 10000), ("$1.2M", 1.2e6), ("$1.2 million", 1.2e6), ("1,5 Mio. €", 1.5e6), ("€3.5bn", 3.5e9), ("2 Mrd", 2e9),
        ("12k", 12000),
        ("50 employees", 50), ("50employees", 50), ("120 to 150 people", 120), ("250people", 250), ("1200people", 1200), ("about 40", 40),
        ("0", 0),
        ("", None), ("many", None), ("n/a", None), ("9" * 40, None), ("0.5", 0.5), ("1,234.56", 1234.56), ("1.234,56", 1234.56),
        ("5 mbps", 5), ("12.5k", 12500), (None, None),
    ],
)  # fmt: skip
async def test_a_number_is_read_as_people_write_it(admin, text, number):
    found = await ask(admin, "intake.f_number", text)
    assert (None if found is None else float(found)) == number


@many
@given(text=anything | st.text("0123456789.,' -$€kMmbntiIlo", max_size=45))
async def test_cleaning_takes_any_text(admin, text):
    for function in ("intake.f_clean", "intake.f_is_placeholder", "intake.f_known", "intake.f_address", "intake.f_domain",
    "intake.f_number",
                     "intake.f_is_free_mail_brand", "intake.f_is_shared_host", "intake.f_address_problem",
                     "intake.f_is_role_address"):  # fmt: skip
        await ask(admin, function, text)
    await admin.fetchrow("SELECT * FROM people.f_names($1, $2, $3, $4)", text, text, text, text)


@many
@given(text=anything, domain=st.text("abcdefgh.-x1/:@", max_size=40))
async def test_a_usable_address_and_a_domain_fit_their_tables(admin, text, domain):
    """What cleaning lets through, the checks of vault.contacts and company.master take."""
    for candidate in (f"{text}@acme.com", f"ann@{domain}", f"{text}@{domain}.com", text):
        address = await ask(admin, "intake.f_address", candidate)
        if await ask(admin, "intake.f_address_problem", address) is None:
            assert await admin.fetchval("SELECT $1::text = lower(btrim($1)) AND length($1) BETWEEN 5 AND 254", address)
        found = await ask(admin, "intake.f_domain", candidate)
        if found is not None:
            assert await admin.fetchval("SELECT $1::text = lower($1) AND length($1) BETWEEN 1 AND 253", found)


@settings(max_examples=20 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(
    st.sampled_from(["name", "first_name", "last_name", "title", "phone", "linkedin_url", "company", "domain", "website",
    "company_linkedin_url",
                     "industry", "employee_count", "revenue", "funding", "location", "city", "country", "tags", "seniority", "department",
                     "own"]),
    anything | st.integers() | st.lists(anything,
    max_size=3) | st.sampled_from(["9" * 30, "1e400", "99999999999", "{}", "https://x.example/"]),
))  # fmt: skip
async def test_a_lead_with_any_values_becomes_a_contact(tenant, values):
    number = await tenant.fetchval("SELECT count(*) FROM vault.contacts")
    await bring_in(tenant, {"email": f"x{number}@acme.com"} | values)
    assert await tenant.fetchval("SELECT count(*) FROM vault.contacts") == number + 1


@pytest.mark.parametrize(
    "field", ["company", "title", "industry", "linkedin_url", "website", "domain", "company_linkedin_url", "name", "phone", "source"]
)
async def test_values_of_a_thousand_letters_break_no_index(tenant, field):
    """Random letters of three bytes each: a B-tree refuses keys over 2,704 bytes that do not compress."""
    import random

    letters = "".join(chr(random.Random(n).randrange(0x4E00, 0x9000)) for n in range(990))
    values = {"website": f"https://acme.com/{letters}", "domain": f"{letters}.com", "linkedin_url": f"linkedin.com/in/{letters}"[:1000]}
    await bring_in(tenant, {"email": "x1@acme.com", field: values.get(field, letters)})
    assert len(await golden(tenant)) == 1


@pytest.mark.parametrize(
    ("row", "issue", "reasons"),
    [
        ({"email": "a1@acme.com", "name": "Ann Lee"}, None, []),
        ({"email": "a1@acme.com"}, "incomplete", ["no_name"]),
        ({"email": "a1@acme.com", "name": "Cher"}, "incomplete", ["one_word_name"]),
        ({"email": "a1@acme.com", "last_name": "Lee"}, "incomplete", ["one_word_name"]),
        ({"email": "a1@acme.com", "name": "First Name"}, "incomplete", ["no_name", "placeholder_name"]),
        ({"email": "a1@gmail.com", "name": "Ann Lee"}, "incomplete", ["no_domain"]),
        ({"email": "info@acme.com"}, None, []),
        ({"email": "a1@acme.com", "name": "Ann Lee", "linkedin_url": "https://linkedin.com/company/acme"}, "incomplete",
        ["linkedin_url_of_a_company"]),
        ({"email": "a1@acme.com", "name": "Ann Lee", "company_linkedin_url": "https://linkedin.com/in/ann"}, "incomplete",
        ["linkedin_url_of_a_person"]),
        ({"email": "a1@acme.com", "name": "Ann Lee", "company": "X"}, "incomplete", ["unusable_company"]),
        ({"email": "a1@acme.com", "name": "Ann Lee", "domain": "other.com"}, "conflict", ["email_domain_is_not_company_domain"]),
        ({"email": "a1@acme.com", "name": "Ann Lee", "website": "https://www.other.com/"}, "conflict",
        ["email_domain_is_not_company_domain"]),
        ({"email": "a1@gmail.com", "name": "Ann Lee", "domain": "other.com"}, None, []),
        ({"email": "a1@eu.acme.com", "name": "Ann Lee", "domain": "acme.com"}, None, []),
        ({"email": "a1@acme.com", "name": "Ann Lee", "domain": "eu.acme.com"}, None, []),
        ({"email": "a1@notacme.com", "name": "Ann Lee", "domain": "acme.com"}, "conflict", ["email_domain_is_not_company_domain"]),
        ({"email": "a1@mit.edu", "name": "Ann Lee", "industry": "Mining & Metals"}, "conflict", ["edu_domain_of_another_industry"]),
        ({"email": "a1@mit.edu", "name": "Ann Lee", "industry": "Higher Education"}, None, []),
        ({"email": "a1@mit.edu", "name": "Ann Lee"}, None, []),
        ({"email": "a1@acme.com", "domain": "other.com"}, "conflict", ["email_domain_is_not_company_domain", "no_name"]),
    ],
)  # fmt: skip
async def test_a_slot_says_what_is_missing_and_what_contradicts_itself(tenant, row, issue, reasons):
    await bring_in(tenant, row)
    slot = await tenant.fetchrow("SELECT * FROM people.slot")
    assert (slot["issue"], sorted(slot["reasons"])) == (issue, sorted(reasons))
    assert slot["validation_status"] == ("validated" if issue is None else "pending")
    assert (slot["promoted_at"] is None) is (issue == "conflict")
    assert slot["load_id"] == await tenant.fetchval("SELECT load_id FROM intake.raw_loads")


async def test_a_conflict_leaves_the_persons_company_empty_until_somebody_decides(tenant):
    await bring_in(tenant, {"email": "a1@acme.com", "name": "Ann Lee", "domain": "other.com", "company": "Other"})
    row = await contact(tenant, "a1@acme.com")
    assert (row["domain"], row["company"]) == (None, "Other")
    assert await tenant.fetchval("SELECT domain FROM company.slot") == "other.com"


async def test_a_company_slot_says_what_is_missing(tenant):
    await bring_in(
        tenant,
        {"email": "a1@acme.com"},
        {"email": "b1@b.edu", "company": "B", "industry": "Mining"},
        {"email": "c1@c.com", "company": "Cc"},
    )
    slots = await tenant.fetch("SELECT domain, validation_status, issue, reasons FROM company.slot ORDER BY domain")
    assert [tuple(slot) for slot in slots] == [
        ("acme.com", "pending", "incomplete", ["no_name"]),
        ("b.edu", "pending", "conflict", ["edu_domain_of_another_industry", "no_name"]),
        ("c.com", "validated", None, []),
    ]


async def test_the_same_company_enriches_an_affiliation_another_adds_one_and_none_stays_one_row(tenant):
    async def affiliations():
        rows = await tenant.fetch("SELECT company_name, title, location FROM people.affiliations ORDER BY id")
        return [tuple(row) for row in rows]

    await bring_in(tenant, {"email": "ann@gmail.com", "company": "Acme"})
    await bring_in(tenant, {"email": "ann@gmail.com", "company": "ACME ", "title": "CEO"})
    assert await affiliations() == [("Acme", "CEO", None)]
    await bring_in(tenant, {"email": "ann@gmail.com", "company": "acme", "title": "Janitor", "location": "Rome"}, mode="overwrite")
    assert await affiliations() == [("Acme", "CEO", "Rome")]
    await bring_in(tenant, {"email": "ann@gmail.com", "company": "Globex"})
    for _ in range(3):
        await bring_in(tenant, {"email": "ann@gmail.com"})
    assert await affiliations() == [("Acme", "CEO", "Rome"), ("Globex", None, None), (None, None, None)]


async def test_unmapped_values_land_in_custom_fields_and_known_ones_do_not(tenant):
    await ingest(tenant, {"email": "a1@acme.com", "name": "Ann Lee", "Icebreaker": "Hi", "shoe size": 43, "domain": "acme.com"})
    await tenant.fetch("SELECT vault.f_promote_contacts()")
    assert (await contact(tenant, "a1@acme.com"))["custom_fields"] == {"Icebreaker": "Hi", "shoe size": 43}


@pytest.mark.parametrize(
    ("tags", "kept"), [(["a", "b"], ["a", "b"]), ("a, b;c|d,,", ["a", "b", "c", "d"]), ("", []), (7, []), ({"a": 1}, [])]
)
async def test_tags_come_as_a_list_or_a_line(tenant, tags, kept):
    await bring_in(tenant, {"email": "a1@acme.com", "tags": tags})
    assert (await contact(tenant, "a1@acme.com"))["tags"] == kept
