"""What new steps are to the old ones: told apart by id, by what they say, or not at all; and where people go on."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.kit.errors import InvalidInput
from outrider.marketing.step_changes import StepChange, changes, matched, onward
from outrider.marketing.types import Step, Variant


def step(text: str, id: UUID | None = None) -> Step:
    return Step(variants=(Variant("A", subject=text),), id=id)


def kept(text: str) -> list[Step]:
    """Steps that are there, one for each letter."""
    return [step(letter, UUID(int=ord(letter))) for letter in text]


def new(text: str) -> list[Step]:
    return [step(letter) for letter in text]


def ids(steps: list[Step]) -> str:
    """The letters of the old steps that these are; a dot is a new one."""
    return "".join(chr(one.id.int) if one.id else "." for one in steps)


@pytest.mark.parametrize(
    ("before", "wanted", "are"),
    [
        ("AB", "AB", "AB"), ("ABC", "AXBC", "A.BC"), ("ABC", "XABC", ".ABC"), ("ABC", "ABCX", "ABC."), ("ABC", "AC", "AC"),
        ("ABC", "AbC", "ABC"),
        ("AB", "ab", "AB"), ("", "AB", ".."), ("AB", "", ""),
    ],
)  # fmt: skip
def test_without_ids_what_says_the_same_is_the_same(before, wanted, are):
    assert ids(matched(kept(before), new(wanted), is_begun=True)) == are


def test_what_can_be_read_in_two_ways_is_asked_about_once_people_are_on_their_way():
    with pytest.raises(InvalidInput, match="step 2: give the id"):
        matched(kept("ABC"), new("AXbC"), is_begun=True)
    assert ids(matched(kept("ABC"), new("AXbC"), is_begun=False)) == "AB.C"


def test_ids_say_it_and_what_has_none_is_new():
    old = kept("AB")
    assert ids(matched(old, [old[1], step("X"), replace(old[0], delay=3)], is_begun=True)) == "B.A"


@pytest.mark.parametrize("wrong", [[step("A", uuid4())], [step("A", UUID(int=65)), step("B", UUID(int=65))]])
def test_an_id_that_is_not_there_or_twice_is_refused(wrong):
    with pytest.raises(InvalidInput) as refused:
        matched(kept("AB"), wrong, is_begun=False)
    assert refused.value.field == f"steps.{len(wrong) - 1}.id"


@pytest.mark.parametrize(
    ("before", "after", "waiting", "begun"),
    [
        ("AB", "AB", (1, 2, 3), (1, 2, 3)),
        ("ABC", "AxBC", (1, 2, 4, 5), (1, 3, 4, 5)),  # who waits for B gets what is new before it, who waits for C does not
        ("ABC", "xABC", (1, 3, 4, 5), (2, 3, 4, 5)),
        ("AB", "ABx", (1, 2, 3), (1, 2, 3)),  # who is at the end gets what comes there
        ("ABC", "AC", (1, 2, 2, 3), (1, 2, 2, 3)),
        ("ABC", "ACB", (1, 2, 2, 4), (1, 3, 2, 4)),
        ("ABC", "BA", (1, 1, 3, 3), (2, 1, 3, 3)),  # B was still to come for who had A only
    ],
)
def test_where_people_go_on(before, after, waiting, begun):
    steps = [step(letter) if letter.islower() else kept(letter)[0] for letter in after]
    ways = onward(kept(before), steps)
    assert (ways.waiting, ways.begun) == (waiting, begun)


@given(
    before=st.permutations("ABCDEF"), after=st.permutations("ABCDEFxyz"), passed=st.integers(0, 6), gone=st.sets(st.sampled_from("ABCDEF"))
)
def test_nobody_misses_a_step_that_was_still_to_come(before, after, passed, gone):
    steps = [step(letter) if letter.islower() else kept(letter)[0] for letter in after if letter not in gone]
    at = onward(kept("".join(before)), steps).waiting[passed]
    to_come = {letter for letter in before[passed:] if letter not in gone}
    assert to_come <= {chr(one.id.int) for one in steps[at - 1 :] if one.id}


def test_what_changes_for_how_many():
    old = kept("ABCD")
    after = [old[0], step("X"), replace(old[3], delay=5), old[1]]
    assert changes(old, after, {(1, False): 1, (2, False): 10, (2, True): 100, (4, False): 1000}) == [
        StepChange("new", 2, 11),
        StepChange("changed", 3, 1011),
        StepChange("moved", 4, 1111),
        StepChange("gone", 3, 111),
    ]
    assert changes(old, old, {(1, False): 7}) == []
