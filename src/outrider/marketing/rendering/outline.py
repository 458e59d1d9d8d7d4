"""A template as people read it where it is not written: words in the place of its signs, with what each stands for. Pure."""

from dataclasses import dataclass

from outrider.kit.errors import InvalidInput

from .syntax import Choice, Node, Nodes, Variable, gist_of, parse

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: `note` says what a variable or a choice stands for, None for words as they are; `is_choice` tells these apart."""

    text: str
    note: str | None = None
    is_choice: bool = False


def outline(template: str) -> list[Piece]:
    """Return a template piece by piece: variables by their names, of each choice the first. One that cannot be read is one piece."""
    try:
        return _pieces(parse(template))
    except InvalidInput:
        return [Piece(template)]


def _pieces(nodes: Nodes) -> list[Piece]:
    return [piece for node in nodes for piece in _pieces_of(node)]


def _pieces_of(node: Node) -> list[Piece]:
    if isinstance(node, Variable):
        return [Piece(node.names[0].replace("_", " "), _stands_for(node))]
    if isinstance(node, Choice):
        options = " / ".join(gist_of(option).strip() or "(nothing)" for option in node.options)
        note = f"Each person gets one of: {options}"[:LONGEST_NOTE]
        first = _pieces(node.options[0]) or [Piece("…")]
        return [piece if piece.note else Piece(piece.text, note, True) for piece in first]
    return [Piece(node.value)]


def _stands_for(variable: Variable) -> str:
    first, *others = (name.replace("_", " ") for name in variable.names)
    told = [f"Each person's {first}", *(f"else their {name}" for name in others)]
    if variable.fallback is not None:
        told.append(f"else “{variable.fallback}”" if variable.fallback else "else nothing")
    return ", ".join(told)
