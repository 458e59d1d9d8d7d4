"""The docs are a contract: what can be set, mapped, installed or called is written down."""

import re
import tomllib
from pathlib import Path

import pytest

from outrider.intake.fields import MEANINGS
from outrider.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name):
    field = Settings.model_fields[name]
    shown = "" if field.default is None else f"`{field.default}`"
    assert f"| `OUTRIDER_{name.upper()}` | {shown} | {field.description} |" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", MEANINGS)
def test_every_field_is_documented(name):
    assert f"| `{name}` | {MEANINGS[name]} |" in (DOCS / "fields.md").read_text()


def test_every_dependency_says_why_it_and_not_the_next_best():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[\[<>=;]", line)[0].strip() for line in project["dependencies"] + project["optional-dependencies"]["dev"]]
    text = (DOCS / "dependencies.md").read_text().lower()
    assert [name for name in named if name.lower() not in text] == []


def test_links_between_documents_lead_somewhere():
    broken = []
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", text, re.M)
    undocumented = [target for target in targets if not re.search(rf"^{target}:.*## ", text, re.M)]
    assert undocumented == []
