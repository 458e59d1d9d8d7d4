"""Encryption: what comes out cannot be read, moved or changed, and keys rotate."""

import pytest

from outrider.kit.encryption import Cipher
from outrider.kit.errors import Unavailable

OLD, NEW = bytes(32), bytes(range(32))
VALUE = b"JBSWY3DPEHPK3PXP"


def test_a_value_comes_back_and_is_never_the_same_twice():
    cipher = Cipher([NEW])
    first, second = cipher.encrypt(VALUE, "ana"), cipher.encrypt(VALUE, "ana")
    assert cipher.decrypt(first, "ana") == cipher.decrypt(second, "ana") == VALUE
    assert first != second
    assert VALUE not in first


def test_a_value_cannot_be_moved_to_somebody_else():
    with pytest.raises(ValueError, match="no ciphertext"):
        Cipher([NEW]).decrypt(Cipher([NEW]).encrypt(VALUE, "ana"), "eve")


def test_no_byte_of_it_can_be_changed():
    cipher = Cipher([NEW])
    sealed = cipher.encrypt(VALUE, "ana")
    for at in range(len(sealed)):
        with pytest.raises((ValueError, Unavailable)):
            cipher.decrypt(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "ana")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"x" * 100, bytes(20)])
def test_what_is_no_ciphertext_of_ours_is_refused(sealed):
    with pytest.raises((ValueError, Unavailable)):
        Cipher([NEW]).decrypt(sealed, "ana")


def test_keys_rotate():
    sealed = Cipher([OLD]).encrypt(VALUE, "ana")
    both = Cipher([NEW, OLD])
    assert both.decrypt(sealed, "ana") == VALUE
    assert not both.is_current(sealed)
    assert both.is_current(both.encrypt(VALUE, "ana"))
    assert Cipher([NEW]).decrypt(both.encrypt(VALUE, "ana"), "ana") == VALUE


def test_a_key_that_is_missing_is_named():
    with pytest.raises(Unavailable, match="OUTRIDER_OLD_SECRET_KEYS"):
        Cipher([NEW]).decrypt(Cipher([OLD]).encrypt(VALUE, "ana"), "ana")


def test_neither_key_nor_value_is_in_what_is_stored():
    sealed = Cipher([NEW]).encrypt(VALUE, "ana")
    assert NEW not in sealed
    assert NEW.hex() not in sealed.hex()
