"""The language of templates, read into a tree: text, `{{ variables }}` with fallbacks, and spintax `{one|two}`. Reading takes one pass.

    {{ first_name }}                      a variable, in any case, camelCase too
    {{ first_name | default("there") }}   with what stands in for it
    {{ first_name | company | "you" }}    the first one that has a value
    {Hello|Hi|{Good|Nice} day}            one of these, nested as deep as one likes

A template can name variables and choose between texts, and nothing else: there are no loops, calls or attributes. Braces without a bar
inside, as in a style sheet, are text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from outrider.kit.errors import InvalidInput

from .nesting import check_html

LONGEST = 500_000
DEEPEST = 10
MOST_CHOICES = 500
VARIABLE = re.compile(r"\{\{([^{}]{0,500})\}\}")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ .-]{0,99}")
LITERAL = re.compile(r"""(?:"([^"]*)"|'([^']*)'|“([^”]*)”|&quot;(.*?)&quot;)""")
DEFAULT = re.compile(rf"default\s*\(\s*{LITERAL.pattern}\s*\)", re.IGNORECASE)
OTHER_NAMES = {"company_name": "company"}
"""What Lemlist and Smartlead call it, and what it is called here."""
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands."""

    value: str


@dataclass(frozen=True, slots=True)
class Variable:
    """The first of `names` that has a value; else `fallback`; None: then the message cannot be written."""

    names: tuple[str, ...]
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these; `number` counts the choices of a template, so that each is drawn by itself."""

    number: int
    options: tuple["Nodes", ...]


Node = Text | Variable | Choice
Nodes = tuple[Node, ...]


def name_of(written: str) -> str:
    """Return the name that a variable is known by: `firstName`, `First Name` and `FIRST_NAME` are first_name; `companyName` is company."""
    name = re.sub(r"[\s.\-_]+", "_", HUMP.sub("_", written.strip())).lower()
    return OTHER_NAMES.get(name, name)


def parse(template: str) -> Nodes:
    """Return a template as a tree. Raises `InvalidInput` that says what is wrong, and where."""
    if len(template) > LONGEST:
        raise InvalidInput(f"the text has {len(template):,} characters; at most {LONGEST:,} are taken", field="body")
    check_html(template)
    return _Reader(template).read()


def variables_in(nodes: Nodes) -> dict[str, bool]:
    """Return {name: whether something stands in for it} of every variable in a tree."""
    found: dict[str, bool] = {}
    for node in nodes:
        if isinstance(node, Variable):
            has_other = node.fallback is not None or len(node.names) > 1
            for name in node.names:
                found[name] = found.get(name, True) and has_other
        elif isinstance(node, Choice):
            for option in node.options:
                for name, is_covered in variables_in(option).items():
                    found[name] = found.get(name, True) and is_covered
    return found


def gist_of(nodes: Nodes) -> str:
    """Return a tree in short: the first of each choice, and variables as their names in «»."""

    def said(node: Node) -> str:
        if isinstance(node, Choice):
            return gist_of(node.options[0])
        return f"«{node.names[0]}»" if isinstance(node, Variable) else node.value

    return "".join(map(said, nodes))


def without_fallback(nodes: Nodes) -> Iterator[tuple[str, ...]]:
    """Yield the names of each variable in a tree that nothing stands in for: it needs a value for one of them."""
    for node in nodes:
        if isinstance(node, Variable) and node.fallback is None:
            yield node.names
        elif isinstance(node, Choice):
            for option in node.options:
                yield from without_fallback(option)


class _Reader:
    """Reads variables first, then spintax in what lies between them, keeping each piece's place."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._choices = 0

    def read(self) -> Nodes:
        pieces: list[str | Variable] = []
        end = 0
        for match in VARIABLE.finditer(self._template):
            pieces += [self._template[end : match.start()], self._variable(match)]
            end = match.end()
        pieces.append(self._template[end:])
        stray = next((piece for piece in pieces if isinstance(piece, str) and "{{" in piece), None)
        if stray is not None:
            raise InvalidInput(f"{{{{ is opened and never closed after {stray[: stray.index('{{')][-30:]!r}", field="body")
        return self._nested(_marks(pieces))

    def _variable(self, match: re.Match[str]) -> Variable:
        names: list[str] = []
        fallback: str | None = None
        for part in _split(match[1]):
            default = DEFAULT.fullmatch(part) or LITERAL.fullmatch(part)
            if default:
                fallback = next(group for group in default.groups() if group is not None)
            elif NAME.fullmatch(part) and fallback is None:
                names.append(name_of(part))
            else:
                raise InvalidInput(f'{match[0][:80]} cannot be read: write {{{{ first_name | default("there") }}}}', field="body")
        if not names:
            raise InvalidInput(f"{match[0][:80]} names no variable", field="body")
        return Variable(tuple(names), fallback)

    def _nested(self, marks: list["str | Variable"]) -> Nodes:
        """Return the tree of marks, where `{`, `|` and `}` stand alone. An open brace that is no choice becomes text again."""
        root = _Level()
        open_levels = [root]
        for mark in marks:
            level = open_levels[-1]
            if mark == "{" and len(open_levels) <= DEEPEST:
                open_levels.append(_Level())
            elif mark == "|" and len(open_levels) > 1:
                level.next_option()
            elif mark == "}" and len(open_levels) > 1:
                open_levels.pop()
                open_levels[-1].extend(self._closed(level))
            else:
                level.add(mark)
        while len(open_levels) > 1:
            level = open_levels.pop()
            open_levels[-1].extend((Text("{"), *level.flat()))
        return tuple(root.options[0])

    def _closed(self, level: "_Level") -> tuple[Node, ...]:
        if len(level.options) == 1:
            return (Text("{"), *level.flat(), Text("}"))
        self._choices += 1
        if self._choices > MOST_CHOICES:
            raise InvalidInput(f"the text has more than {MOST_CHOICES} choices of the form {{one|two}}: use fewer", field="body")
        return (Choice(self._choices, tuple(tuple(option) for option in level.options)),)


class _Level:
    """What stands inside one pair of braces so far."""

    def __init__(self) -> None:
        self.options: list[list[Node]] = [[]]

    def next_option(self) -> None:
        self.options.append([])

    def add(self, mark: "str | Variable") -> None:
        self.options[-1].append(Text(mark) if isinstance(mark, str) else mark)

    def extend(self, nodes: tuple[Node, ...]) -> None:
        self.options[-1].extend(nodes)

    def flat(self) -> tuple[Node, ...]:
        """Return the level as the text that it turned out to be."""
        nodes: list[Node] = []
        for place, option in enumerate(self.options):
            nodes += [*([Text("|")] if place else []), *option]
        return tuple(nodes)


def _marks(pieces: list["str | Variable"]) -> list["str | Variable"]:
    marks: list[str | Variable] = []
    for piece in pieces:
        if isinstance(piece, str):
            marks += [mark for mark in re.split(r"([{|}])", piece) if mark]
        else:
            marks.append(piece)
    return marks


def _split(inside: str) -> list[str]:
    """Return the parts between bars that do not stand in quotes."""
    return [part.strip() for part in re.findall(r"""(?:"[^"]*"|'[^']*'|“[^”]*”|&quot;.*?&quot;|[^|])+""", inside)]
