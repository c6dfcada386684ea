"""Formulas of a card, parsed into a checked tree; nothing of a card is ever run as Python."""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Float64
from jetmix.support.records import suggestion

# gives the column of a name
Lookup = Callable[[str], AnyArray]
_Node = Callable[[Lookup], Any]

MAX_LENGTH, MAX_DEPTH = 1000, 100
MEND = (
    "write column names, numbers, + - * / ** %, comparisons, and, or, not, "
    "abs, log, sqrt, exp, min, max, where"
)
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: np.logical_not,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _least(*values: Any) -> Any:
    return np.minimum.reduce(np.broadcast_arrays(*values))


def _largest(*values: Any) -> Any:
    return np.maximum.reduce(np.broadcast_arrays(*values))


# name: (function, fewest arguments, most arguments)
_MANY = 16
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "abs": (np.abs, 1, 1),
    "log": (np.log, 1, 1),
    "sqrt": (np.sqrt, 1, 1),
    "exp": (np.exp, 1, 1),
    "min": (_least, 2, _MANY),
    "max": (_largest, 2, _MANY),
    "where": (np.where, 3, 3),
}


@dataclass(frozen=True)
class Expression:
    """A formula over columns.

    Attributes:
        text: as it stands in the card.
        where: card, line and key, for messages.
        names: the columns that it needs.
    """

    text: str
    where: str
    names: frozenset[str]
    _node: _Node = field(repr=False, compare=False)

    def evaluate(self, lookup: Lookup) -> Float64:
        """Return the value for every row; truth values become 0 and 1.

        What cannot be computed, such as log(0), gives NaN or infinity.
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.applied(lookup), np.float64)

    def applied(self, lookup: Callable[[str], Any]) -> Any:
        """Return the value for columns of any kind that NumPy's functions take."""
        return self._node(lookup)


def parse(text: str, where: str) -> Expression:
    """Return a formula.

    A name that is no word, such as ``jet pt``, stands in backquotes.

    Raises:
        DataError: if it is not one, naming what is not allowed.
    """
    parser = _Parser(text, where)
    node = parser.node(parser.tree())
    return Expression(text, where, frozenset(parser.names), node)


class _Parser:
    """Turns the syntax tree of one formula into nested functions."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.names: set[str] = set()
        self.quoted: dict[str, str] = {}
        self.depth = 0

    def fail(self, what: str, mend: str = MEND) -> DataError:
        return DataError(f"{self.text[:60]!r} {what}", where=self.where, mend=mend)

    def tree(self) -> ast.expr:
        if len(self.text) > MAX_LENGTH:
            raise self.fail(f"is longer than {MAX_LENGTH} characters")
        plain = re.sub(r"`([^`]+)`", self._quote, self.text).strip()
        try:
            return ast.parse(plain, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            reason = (
                error.msg if isinstance(error, SyntaxError) else "too deep, or a null character"
            )
            raise self.fail(f"is not a formula ({reason})") from None

    def _quote(self, match: re.Match[str]) -> str:
        word = f"quoted_{len(self.quoted)}_"
        self.quoted[word] = match[1]
        return word

    def node(self, tree: ast.expr) -> _Node:
        if self.depth >= MAX_DEPTH:
            raise self.fail("is no formula of a sensible size: it is nested too deeply")
        self.depth += 1
        found = self._node(tree)
        self.depth -= 1
        return found

    def _node(self, tree: ast.expr) -> _Node:
        match tree:
            case ast.Name() | ast.Attribute():
                found = self._name(tree)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                found = self._number(value)
            case ast.UnaryOp(op=op) if type(op) in _UNARY:
                found = _applied(_UNARY[type(op)], [self.node(tree.operand)])
            case ast.BinOp(op=op) if type(op) in _BINARY:
                found = _applied(_BINARY[type(op)], [self.node(tree.left), self.node(tree.right)])
            case ast.BoolOp(op=op):
                both = np.logical_and if isinstance(op, ast.And) else np.logical_or
                found = _chained(both, [self.node(value) for value in tree.values])
            case ast.Compare():
                found = self._comparison(tree)
            case ast.Call():
                found = self._call(tree)
            case _:
                raise self.fail(f"holds {ast.unparse(tree)[:40]!r}, which no formula may hold")
        return found

    def _number(self, given: float) -> _Node:
        # a float, since 9**9**9 of Python's integers would never end
        try:
            value = np.float64(given)
        except OverflowError:
            raise self.fail("holds a number that is too large") from None
        return lambda _lookup: value

    def _name(self, tree: ast.expr) -> _Node:
        parts = []
        while isinstance(tree, ast.Attribute):
            parts.append(tree.attr)
            tree = tree.value
        if not isinstance(tree, ast.Name):
            raise self.fail(f"holds {ast.unparse(tree)[:40]!r}, which no formula may hold")
        name = ".".join([self.quoted.get(tree.id, tree.id), *reversed(parts)])
        self.names.add(name)
        return lambda lookup: lookup(name)

    def _comparison(self, tree: ast.Compare) -> _Node:
        nodes = [self.node(side) for side in (tree.left, *tree.comparators)]
        pairs = []
        for op, left, right in zip(tree.ops, nodes, nodes[1:], strict=False):
            if type(op) not in _COMPARED:
                raise self.fail("holds a comparison that is none of < <= > >= == !=")
            pairs.append(_applied(_COMPARED[type(op)], [left, right]))
        return _chained(np.logical_and, pairs)

    def _call(self, tree: ast.Call) -> _Node:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ast.unparse(tree.func)
        if name not in FUNCTIONS:
            mend = suggestion(name, list(FUNCTIONS), "function")
            raise self.fail(f"calls {name!r}, which is no function of a card", mend)
        function, fewest, most = FUNCTIONS[name]
        if tree.keywords or not fewest <= len(tree.args) <= most:
            count = fewest if fewest == most else f"{fewest} or more"
            raise self.fail(f"gives {name} {len(tree.args)} values, it takes {count}")
        return _applied(function, [self.node(value) for value in tree.args])


def _applied(function: Callable[..., Any], nodes: list[_Node]) -> _Node:
    return lambda lookup: function(*(node(lookup) for node in nodes))


def _chained(function: Callable[[Any, Any], Any], nodes: list[_Node]) -> _Node:
    def value(lookup: Lookup) -> Any:
        total = nodes[0](lookup)
        for node in nodes[1:]:
            total = function(total, node(lookup))
        return total

    return value
