"""JSON as people read it."""

import pytest

from outrider.kit import pages as ui


def shown(value):
    return [(line.label, line.value or [(inner.label, inner.value) for inner in line.lines]) for line in ui.readable(value)]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (
            {"employee_count": 11502, "isHiring": True, "icpScore": 7},
            [("Employee count", "11,502"), ("Is hiring", "yes"), ("Icp score", "7")],
        ),
        ({"hq": {"city": "Madrid", "zip": None}}, [("Hq", [("City", "Madrid")])]),
        ({"tools": ["SAP", "", "HubSpot"], "none": [], "empty": "", "nothing": {}}, [("Tools", "SAP, HubSpot")]),
        ({"jobs": [{"title": "CFO"}, {"title": "CEO"}]}, [("Jobs", [("1", ""), ("2", "")])]),
        ({"URL": "x", "a-b": 1.5, "": 2}, [("URL", "x"), ("A b", "1.5"), ("", "2")]),
        (["a", "b"], [("", "a, b")]),
        ("text", [("", "text")]),
        (None, []),
        ({}, []),
    ],
)
def test_labels_are_words_and_empties_are_left_out(value, lines):
    assert shown(value) == lines


def test_what_is_nested_without_end_or_is_very_long_is_cut():
    deep: dict[str, object] = {"v": 1}
    for _ in range(50):
        deep = {"d": deep}
    line, depth = ui.readable(deep)[0], 0
    while line.lines:
        line, depth = line.lines[0], depth + 1
    assert depth == 4
    assert len(ui.readable({f"k{n}": n for n in range(5000)})) == 300


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://acme.example/a", "https://acme.example/a"),
        ("linkedin.com/in/ana", "https://linkedin.com/in/ana"),
        ("www.acme.example", "https://www.acme.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example", None),
        ("https://a b", None),
        ("Acme", None),
    ],
)
def test_only_addresses_of_the_web_become_links(text, address):
    assert ui.web_address(text) == address
