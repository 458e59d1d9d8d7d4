"""Tokens in links: they say what was signed, and nothing else is taken for one."""

import base64
from uuid import UUID, uuid4

import pytest

from outrider.kit.signing import Signed, Signer

ORGANIZATION, MESSAGE = UUID(int=1), UUID(int=2)
URL = "https://example.org/ä?x=1&y=[2]"


def test_a_token_says_what_was_signed():
    signer = Signer([bytes(32)])
    assert signer.read("open", signer.sign("open", ORGANIZATION, MESSAGE)) == Signed(ORGANIZATION, MESSAGE, "")
    assert signer.read("click", signer.sign("click", ORGANIZATION, MESSAGE, URL)) == Signed(ORGANIZATION, MESSAGE, URL)


def test_a_token_is_its_ids_its_url_and_sixteen_bytes_of_signature():
    raw = base64.urlsafe_b64decode(Signer([bytes(32)]).sign("click", ORGANIZATION, MESSAGE, "https://a.example") + "==")
    assert raw[:-16] == ORGANIZATION.bytes + MESSAGE.bytes + b"https://a.example"


@pytest.mark.parametrize(("made_for", "used_for"), [("open", "unsubscribe"), ("unsubscribe", "open"), ("click", "open"), ("open", "click")])
def test_a_token_serves_one_purpose(made_for, used_for):
    signer = Signer([bytes(32)])
    assert signer.read(used_for, signer.sign(made_for, ORGANIZATION, MESSAGE, URL if made_for == "click" else "")) is None


def test_no_changed_byte_goes_through():
    signer = Signer([bytes(32)])
    raw = base64.urlsafe_b64decode(signer.sign("click", ORGANIZATION, MESSAGE, "https://a.example") + "==")
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert signer.read("click", base64.urlsafe_b64encode(bytes(changed)).decode()) is None


@pytest.mark.parametrize("token", ["", "a", "!!!!", "ä", "A" * 10_000, base64.urlsafe_b64encode(bytes(15)).decode(), "AAAA\n"])
def test_what_is_no_token_is_none(token):
    assert Signer([bytes(32)]).read("click", token) is None


def test_a_token_of_a_replaced_key_is_still_taken_and_one_of_a_strangers_is_not():
    old, new = bytes(32), bytes([1]) * 32
    token = Signer([old]).sign("open", ORGANIZATION, message := uuid4())
    assert Signer([new, old]).read("open", token) == Signed(ORGANIZATION, message, "")
    assert Signer([new]).read("open", token) is None
