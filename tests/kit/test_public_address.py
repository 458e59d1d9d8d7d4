"""Where links in the mail we send begin."""

import pytest

from outrider.kit import public_address
from outrider.kit.public_address import Demo, links_begin

DEMO = Demo("127.0.0.1", 1025, "http://localhost:8080")


def test_a_tracking_domain_comes_before_the_public_address():
    public_address.configure("https://out.example/")
    assert links_begin("links.one.example", "smtp.one.example", 587) == "https://links.one.example"
    assert links_begin(None, "smtp.one.example", 587) == "https://out.example"


@pytest.mark.parametrize(
    "url",
    [None, "", "http://localhost:8080", "http://out.localhost", "http://127.0.0.1", "http://[::1]:80", "http://0.0.0.0:8080", "http://["],
)
def test_an_address_of_this_machine_is_only_for_mail_that_stays_on_it(url):
    public_address.configure(url)
    assert links_begin(None, "127.0.0.1", 1025) is None
    public_address.configure(url, DEMO)
    assert links_begin(None, "127.0.0.1", 1025) == "http://localhost:8080"
    assert links_begin(None, "smtp.one.example", 1025) is None
    assert links_begin(None, "127.0.0.1", 25) is None
    assert links_begin(None, None, 587) is None
    assert links_begin("links.one.example", "smtp.one.example", 587) == "https://links.one.example"
