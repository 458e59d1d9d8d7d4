"""Columns find their fields by header and by value, one column a field, and the original line comes back."""

from __future__ import annotations

import pytest

from outrider.intake.fields import ALIASES, MEANINGS, normalise_header
from outrider.intake.files import Record
from outrider.intake.mapping import (
    Column,
    MappingError,
    detect_mapping,
    header_fingerprint,
    payload_builder,
    rebuild,
)


def records(*rows: list[str]) -> list[Record]:
    return [Record(n, n + 1, row, None, None) for n, row in enumerate(rows, 1)]


def fields(header: list[str], *rows: list[str], **options: dict[str, str | None]) -> dict[str, str | None]:
    return {column.header: column.field for column in detect_mapping(header, records(*rows), **options)}


EXPORTS = {
    "Apollo": {
        "First Name": "first_name", "Last Name": "last_name", "Title": "title", "Company": "company",
        "Company Name for Emails": None, "Email": "email", "Email Status": "email_status", "Seniority": "seniority",
        "Departments": "department", "Contact Owner": None, "Work Direct Phone": "phone", "Mobile Phone": None,
        "Corporate Phone": None, "# Employees": "employee_count", "Industry": "industry", "Keywords": None,
        "Person Linkedin Url": "linkedin_url", "Website": "website", "Company Linkedin Url": "company_linkedin_url",
        "City": "city", "State": "state", "Country": "country", "Company City": None, "Company Country": None,
        "Annual Revenue": "revenue", "Latest Funding": "funding", "Secondary Email": None,
    },
    "HubSpot": {
        "Record ID": None, "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Phone Number": "phone", "Job Title": "title", "Company name": "company", "Company Domain Name": "domain",
        "State/Region": "state", "Country/Region": "country", "LinkedIn URL": "linkedin_url",
        "Number of Employees": "employee_count", "Contact owner": None, "Create Date": None,
    },
    "Sales Navigator": {
        "fullName": "name", "firstName": "first_name", "lastName": "last_name", "title": "title",
        "companyName": "company", "defaultProfileUrl": "linkedin_url", "regularCompanyUrl": "company_linkedin_url",
        "location": "location", "industry": "industry",
    },
    "Lemlist": {
        "email": "email", "firstName": "first_name", "lastName": "last_name", "companyName": "company",
        "jobTitle": "title", "phone": "phone", "linkedinUrl": "linkedin_url", "companyDomain": "domain",
        "icebreaker": None,
    },
    "Smartlead": {
        "first_name": "first_name", "last_name": "last_name", "email": "email", "phone_number": "phone",
        "company_name": "company", "website": "website", "location": "location", "linkedin_profile": "linkedin_url",
        "company_url": None,
    },
    "Instantly": {
        "Email": "email", "First Name": "first_name", "Last Name": "last_name", "Company Name": "company",
        "Personalization": None, "Phone": "phone", "Website": "website", "Lead Status": None,
    },
    "Salesforce": {
        "Account Name": "company", "First Name": "first_name", "Last Name": "last_name", "Title": "title",
        "Mailing City": "city", "Mailing State/Province": "state", "Mailing Country": "country", "Phone": "phone",
        "Mobile": None, "Email": "email", "Account Owner": None,
    },
    "German": {
        "Vorname": "first_name", "Name": "last_name", "Firma": "company", "Funktion": "title",
        "E-Mail-Adresse": "email", "Telefon": "phone", "Ort": "city", "Bundesland": "state", "Land": "country",
        "Branche": "industry", "Mitarbeiterzahl": "employee_count", "Umsatz": "revenue", "Webseite": "website",
    },
    "French": {
        "Prénom": "first_name", "Nom": "last_name", "Société": "company", "Poste": "title",
        "Adresse e-mail": "email", "Téléphone": "phone", "Ville": "city", "Pays": "country",
        "Secteur d'activité": "industry", "Chiffre d'affaires": "revenue", "Effectif": "employee_count",
    },
    "Spanish": {
        "Nombre": "first_name", "Apellidos": "last_name", "Empresa": "company", "Cargo": "title",
        "Correo electrónico": "email", "Teléfono": "phone", "Ciudad": "city", "País": "country",
    },
    "Turkish": {
        "Ad": "first_name", "Soyad": "last_name", "Şirket": "company", "Ünvan": "title", "E-posta": "email",
        "Telefon": "phone", "Şehir": "city", "Ülke": "country", "Sektör": "industry",
        "ÇALIŞAN SAYISI": "employee_count",
    },
    "Portuguese": {
        "Nome": "first_name", "Sobrenome": "last_name", "Empresa": "company", "Cargo": "title", "E-mail": "email",
        "Telefone": "phone", "Cidade": "city", "País": "country", "Setor": "industry",
    },
}  # fmt: skip


@pytest.mark.parametrize("product", EXPORTS)
def test_the_headers_of_every_product_and_language_find_their_fields(product: str) -> None:
    expected = EXPORTS[product]
    assert fields(list(expected)) == expected


def test_every_alias_stands_under_a_field_that_has_a_meaning() -> None:
    assert {field for field, _ in ALIASES.values()} == set(MEANINGS)


@pytest.mark.parametrize("header", ["First Name", "first_name", "firstName", "FIRST-NAME", " First  name: ", "Fírst Näme"])
def test_spelling_of_a_header_does_not_matter(header: str) -> None:
    assert normalise_header(header) == "firstname"


def test_a_secondary_address_is_the_email_only_where_there_is_no_other() -> None:
    assert fields(["Personal Email", "Email 2", "Work Email"])["Work Email"] == "email"
    assert fields(["Email 2", "Email"]) == {"Email 2": None, "Email": "email"}
    assert fields(["Full Name", "Secondary Email"])["Secondary Email"] == "email"


def test_name_alone_is_the_full_name() -> None:
    assert fields(["Name", "Email"])["Name"] == "name"
    assert fields(["Ad", "E-posta"])["Ad"] == "name"


def test_name_beside_first_and_last_is_the_full_name_only_when_it_holds_them() -> None:
    header = ["First Name", "Last Name", "Name"]
    assert fields(header, ["Ann", "Lee", "Lee, Ann"])["Name"] == "name"
    assert fields(header, ["Ann", "Lee", "Acme GmbH"])["Name"] is None
    assert detect_mapping(["first_name", "last_name", "name"], [])[2].key == "name (column 3)"


def test_name_beside_the_given_name_is_the_family_name_unless_it_holds_both() -> None:
    assert fields(["Vorname", "Name"], ["Ann", "Lee"])["Name"] == "last_name"
    assert fields(["Vorname", "Name"], ["Ann", "Ann Lee"])["Name"] == "name"


def test_values_speak_where_headers_say_nothing() -> None:
    header = ["A", "B", "C", "D", "E", "F"]
    row = [
        "a@acme.example",
        "https://www.linkedin.com/in/ann",
        "linkedin.com/company/acme",
        "+49 30 123456",
        "acme.com",
        "x",
    ]
    columns = detect_mapping(header, records(row, row))
    assert [c.field for c in columns] == ["email", "linkedin_url", "company_linkedin_url", "phone", "domain", None]
    assert {c.how for c in columns[:5]} == {"values"}
    assert columns[0].samples == ("a@acme.example", "a@acme.example")


def test_numbers_are_not_taken_for_telephones() -> None:
    assert fields(["Score", "Id"], ["12345678", "20240102"], ["5551234567", "20240103"]) == {"Score": None, "Id": None}


def test_addresses_of_owners_and_of_the_same_few_people_are_not_the_leads() -> None:
    assert fields(["Contact Owner E", "x"], ["boss@us.example", "1"])["Contact Owner E"] is None
    assert fields(["Rep", "x"], *[["boss@us.example", str(n)] for n in range(20)])["Rep"] is None


def test_a_linkedin_column_of_company_pages_is_the_companys() -> None:
    assert fields(["LinkedIn"], ["https://linkedin.com/company/acme/"])["LinkedIn"] == "company_linkedin_url"


def test_chosen_beats_remembered_beats_header() -> None:
    header = ["Email", "Mail 2", "X"]
    columns = detect_mapping(header, [], chosen={"Mail 2": "email"}, remembered={"X": "title", "Email": "email"})
    assert [(c.field, c.key, c.how) for c in columns] == [
        (None, "Email", "none"),
        ("email", "email", "chosen"),
        ("title", "title", "remembered"),
    ]
    assert detect_mapping(["Email"], [], chosen={"Email": None})[0].key == "Email"
    assert detect_mapping(["email"], [], remembered={"email": None})[0].key == "email (column 1)"


def test_what_is_remembered_and_does_not_fit_is_passed_over() -> None:
    assert fields(["Email"], remembered={"Gone": "title", "Email": "no_such"}) == {"Email": "email"}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"Email": "e_mail"}, "no field 'e_mail'.*'email'"),
        ({"Emial": "email"}, "no column 'Emial'.*'Email'"),
        ({"Email": "title", "Job": "title"}, "cannot both be 'title'"),
        ({"Email": "email", "email": "title"}, "chosen twice"),
    ],
)
def test_a_choice_that_cannot_be_followed_names_what_is_wrong(chosen: dict[str, str | None], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        detect_mapping(["Email", "Job"], [], chosen=chosen)


def test_a_column_can_be_chosen_by_its_place() -> None:
    assert detect_mapping(["", "x"], [], chosen={"Column 1": "title"})[0].field == "title"


def test_every_column_has_a_key_of_its_own() -> None:
    header = ["Notes", "", "Notes", "Column 2", "title", "Job Title", "domain", " "]
    columns = detect_mapping(header, [], chosen={"title": None, "Job Title": "title", "domain": None})
    assert [column.key for column in columns] == [
        "Notes", "Column 2", "Notes (column 3)", "Column 2 (column 4)", "title (column 5)", "title",
        "domain (column 7)", "Column 8",
    ]  # fmt: skip


def test_a_payload_holds_untouched_values_and_gives_the_line_back() -> None:
    columns = detect_mapping(["Email", "Notes", "", "First Name"], [])
    cells = [" A@Acme.Example ", "", "=1+1", " ", "", "more"]
    payload = payload_builder(columns)(cells)
    assert payload == {"email": " A@Acme.Example ", "Column 3": "=1+1", "first_name": " ", "Column 6": "more"}
    assert rebuild(columns, payload) == cells
    assert rebuild(columns, payload_builder(columns)(["a"])) == ["a", "", "", ""]


def test_a_json_payload_keeps_its_values_and_the_keys_nobody_has_seen_before() -> None:
    columns = detect_mapping(["E-Mail", "size"], [Record(1, 1, {"E-Mail": "a@acme.example", "size": 3}, None, None)])
    build = payload_builder(columns)
    payload = build({"E-Mail": "a@acme.example", "size": 0, "new": [1], "email": "b@acme.example", "x": None, "y": ""})
    assert payload == {"email": "a@acme.example", "employee_count": 0, "new": [1], "email (extra)": "b@acme.example"}
    assert rebuild(columns, payload) == ["a@acme.example", "0"]


def test_a_fingerprint_is_of_the_set_of_headers_however_spelt() -> None:
    assert header_fingerprint(["First Name", "Email"]) == header_fingerprint(["EMAIL", "first_name"])
    assert header_fingerprint(["First Name", "Email"]) != header_fingerprint(["First Name", "Email", "Title"])


def test_a_column_says_how_it_was_found() -> None:
    assert detect_mapping(["Email"], records(["a@x.example"])) == [Column(0, "Email", "email", "email", "header", ("a@x.example",))]
