"""Passwords: what may be one, how they are kept, and hashes from elsewhere."""

import argon2
import bcrypt
import pytest

from outrider.kit.errors import InvalidInput
from outrider.tenancy import passwords
from tests.tenancy import people

PASSWORD = people.PASSWORD


async def test_a_password_is_kept_as_argon2id():
    hashed = await passwords.hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert await passwords.check_password(PASSWORD, hashed) == passwords.Check(True, False)
    assert await passwords.check_password(PASSWORD + "x", hashed) == passwords.Check(False)


async def test_the_same_letters_typed_another_way_are_the_same_password():
    hashed = await passwords.hash_password("fünf Ölbäume im Tal")
    assert (await passwords.check_password("fu\u0308nf O\u0308lba\u0308ume im Tal", hashed)).is_right


async def test_a_hash_with_other_parameters_is_right_and_due():
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert await passwords.check_password(PASSWORD, hashed) == passwords.Check(True, True)


@pytest.mark.parametrize("prefix", [b"2a", b"2b"])
async def test_a_hash_of_bcrypt_is_right_and_due(prefix):
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix)).decode()
    assert await passwords.check_password(PASSWORD, hashed) == passwords.Check(True, True)
    assert not (await passwords.check_password("wrong password", hashed)).is_right


async def test_bcrypt_looks_at_72_bytes_and_so_do_we():
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert (await passwords.check_password("x" * 100, hashed)).is_right


@pytest.mark.parametrize("hashed", ["", "x", "$2b$", "$2y$10$short", "$argon2id$v=19$m=65536", "plain text", "é"])
async def test_what_is_no_hash_matches_nothing(hashed):
    assert not (await passwords.check_password(PASSWORD, hashed)).is_right


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 100_000, "\x00"])
async def test_any_text_may_be_tried(password):
    hashed = await people.hash_of(PASSWORD)
    assert not (await passwords.check_password(password, hashed)).is_right
    assert not (await passwords.check_password(password, bcrypt.hashpw(b"y", bcrypt.gensalt(4)).decode())).is_right


@pytest.mark.parametrize(
    "password",
    ["short", "eleven-char", "x" * 257, "password1234", "PASSWORD1234", "correct horse battery staple", "qwertyuiop123", "123456789012",
     "abababababab", "ana.lima@example.org", "ANA.LIMA@example.org", "ana.limaana.lima", "            "],
)  # fmt: skip
def test_what_is_guessed_first_may_be_no_password(password):
    with pytest.raises(InvalidInput) as refused:
        passwords.check_rules(password, "ana.lima@example.org")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password", [PASSWORD, "zwölf Zeichen", "kuaorlxhwmqe", "日本語のパスワードです長い", "x7" * 6 + "qr!", "A" * 5 + "bcdefgh"]
)
def test_nothing_is_asked_of_the_kinds_of_characters(password):
    passwords.check_rules(password, "ana.lima@example.org")


def test_the_list_holds_only_what_is_long_enough_to_be_one():
    assert min(map(len, passwords._common())) >= passwords.SHORTEST
    assert len(passwords._common()) > 300


async def test_an_adopted_password_is_upgraded_at_the_first_sign_in(app, organization, admin):
    await admin.execute("DELETE FROM tenancy.throttles")
    person = await people.new_person(organization, admin, hashed=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
    async with people.browser(app) as client:
        for _ in range(2):
            assert (await people.sign_in(client, person)).status_code == 303
            hashed = await admin.fetchval("SELECT password_hash FROM tenancy.users WHERE id = $1", person.id)
            assert hashed.startswith("$argon2id$")
        assert (await people.sign_in(client, person, "wrong password")).status_code == 422
