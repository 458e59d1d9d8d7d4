"""Where connections to hosts that users name may go."""

import pytest

from outrider.kit import outgoing
from outrider.kit.errors import InvalidInput


@pytest.fixture
def closed():
    """As an operator has it who allowed nothing."""
    outgoing.configure(allow_private=False)
    yield
    outgoing.configure(allow_private=True)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "::",  # noqa: S104
     "fe80::1%eth0", "fd00::1",
     "::ffff:127.0.0.1", "2002:7f00:1::", "224.0.0.1", "100.64.0.1",
     "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "192.0.0.8", "2001:0:7f00:1::"],
)  # fmt: skip
def test_private_addresses_are_told_from_public_ones(address):
    assert not outgoing.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address):
    assert outgoing.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433"])
async def test_a_private_host_is_refused_however_it_is_written(closed, host):
    with pytest.raises(InvalidInput) as refused:
        await outgoing.resolve(host, 25, field="smtp_host")
    assert refused.value.field == "smtp_host"
    assert "OUTRIDER_ALLOW_PRIVATE_HOSTS" in refused.value.message


async def test_a_private_host_is_taken_where_the_operator_allows_it():
    assert (await outgoing.resolve("127.0.0.1", 25))[0][1] == "127.0.0.1"


async def test_an_unknown_name_is_told_as_such():
    with pytest.raises(InvalidInput, match="not known"):
        await outgoing.resolve("nobody-has-this.invalid", 25)
