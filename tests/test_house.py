"""The house: imports run one way, and a slice is used through its face (DESIGN, decisions/0001)."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "outrider"
SLICES = ["tenancy", "ops", "namespaces", "intake", "people", "marketing", "sending", "engagement", "reports"]
"""In the order of the data's flow: a slice may use those before it."""
COMPOSITION = {
    "__main__",
    "cli",
    "cli_reference",
    "commands",
    "database",
    "demo",
    "gallery",
    "palette",
    "permissions_reference",
    "runtime",
    "settings",
    "web",
    "worker",
}
SEAM = {"commands"}
"""Modules, by the last part of their names, in which a slice may use `outrider.runtime`: how a command gets its connection."""


def imports_of(path: Path) -> list[tuple[str, list[str]]]:
    """(module, names) of every import of ours, relative ones made absolute."""
    tree = ast.parse(path.read_text())
    package = ["outrider", *path.relative_to(SOURCE).parts[:-1]]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found.append((module, [alias.name for alias in node.names]))
        elif isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
    return [entry for entry in found if entry[0].split(".")[0] == "outrider"]


def modules(part: str) -> list[Path]:
    return sorted((SOURCE / part).rglob("*.py"))


def used(module: str, names: list[str]) -> list[str]:
    """The parts of the house that an import reaches: 'outrider.tenancy.http' → ['tenancy.http']."""
    if module == "outrider":
        return [name for name in names if not name.startswith("_")]
    return [module.removeprefix("outrider.")]


def test_the_kit_knows_no_slice_and_no_composition():
    wrong = [
        f"{path.name}: {part}"
        for path in modules("kit")
        for module, names in imports_of(path)
        for part in used(module, names)
        if part.split(".")[0] != "kit"
    ]
    assert wrong == []


@pytest.mark.parametrize("slice_", SLICES)
def test_a_slice_uses_only_the_kit_and_the_slices_before_it(slice_):
    allowed = {"kit", slice_, *SLICES[: SLICES.index(slice_)]}
    wrong = []
    for path in modules(slice_):
        for module, names in imports_of(path):
            for part in used(module, names):
                top = part.split(".")[0]
                if top not in allowed and not (top == "runtime" and path.stem.rpartition("_")[2] in SEAM):
                    wrong.append(f"{path.relative_to(SOURCE)}: {part}")
    assert wrong == []


@pytest.mark.parametrize("slice_", SLICES)
def test_a_slice_is_used_through_its_face(slice_):
    wrong = []
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).parts
        if place[0] == slice_ or place[0].removesuffix(".py") in COMPOSITION:
            continue
        for module, names in imports_of(path):
            wrong += [f"{path.relative_to(SOURCE)}: {part}" for part in used(module, names) if part.startswith(f"{slice_}.")]
    assert wrong == []


@pytest.mark.parametrize("slice_", SLICES)
def test_the_face_of_a_slice_is_a_list_and_holds(slice_):
    module = __import__(f"outrider.{slice_}", fromlist=["*"])
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name.lower()))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_no_file_is_two_ideas():
    long = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if len(path.read_text().splitlines()) > 450]
    assert long == []
