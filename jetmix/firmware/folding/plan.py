"""Which layers of a tagger fold over what, and how their values get from one to the next.

A layer that does the same to every particle *folds over particles*: firmware for N/K of them takes
a jet in K beats. One that mixes the particles, the same way for every channel, folds over channels.
All others run once per jet. Layers of one kind that follow one another are a section, which becomes
one pipeline. Between sections values wait for one another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any, Literal

from jetmix.errors import LoweringError, UsageError
from jetmix.firmware.replay.kit import kind_of
from jetmix.models.calls import Call, calls_of

# what a layer, and so a section, folds over: a value of "jet" runs once per jet
Domain = Literal["particles", "channels", "jet"]
# (particle, channel)
RANK = 2
# layers that treat every element alike
ELEMENTWISE = frozenset(
    {
        *("QAdd", "QSubtract", "QMaximum", "QMinimum", "QMultiply", "QAveragePow2"),
        *("Add", "Subtract", "Maximum", "Minimum", "Multiply", "Average"),
        *("ReLU", "LeakyReLU", "Activation", "Quantizer", "QUnaryFunctionLUT"),
    }
)
EINSUM = frozenset({"QEinsumDense", "QEinsumDenseBatchnorm"})
DENSE = frozenset({"QDense", "QBatchNormDense"})
WHERE = "--ii"


@dataclass(frozen=True, eq=False)
class Node:
    """A layer in its place.

    Attributes:
        call: the layer with the Keras tensors that it takes and gives.
        domain: what it folds over.
        level: number of waits for a whole jet on the way to it.
        sums: whether it sums over the particles, so that its beats are added up.
    """

    call: Call
    domain: Domain
    level: int
    sums: bool = False


@dataclass(frozen=True, eq=False)
class Edge:
    """A value that goes from one section to another.

    Attributes:
        tensor: the Keras tensor.
        source: the section that gives it.
        target: the section that takes it.
        taker: the layer that takes it.
        place: which of its inputs it is.
        sums: whether its beats are added up on the way.
    """

    tensor: Any
    source: "SectionPlan"
    target: "SectionPlan"
    taker: Call
    place: int
    sums: bool

    @property
    def giver(self) -> str:
        """Name of the layer that gives it."""
        return str(self.tensor._keras_history.operation.name)


@dataclass(eq=False)
class SectionPlan:
    """Layers that become one pipeline.

    Attributes:
        domain: what they fold over.
        level: number of waits for a whole jet on the way to them.
        calls: the layers in order of data flow.
    """

    domain: Domain
    level: int
    calls: list[Call] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the section: that of its first layer."""
        return self.calls[0].name if self.calls else "inputs"


@dataclass(frozen=True)
class FoldPlan:
    """How a tagger folds.

    Attributes:
        fold: beats of a jet.
        model: the flat Keras model.
        sections: in order of data flow; the first takes the input of the model.
        edges: the values between them.
    """

    fold: int
    model: Any
    sections: Sequence[SectionPlan]
    edges: Sequence[Edge]

    def beat_shape(self, shape: Sequence[int | None], domain: Domain) -> tuple[int, ...]:
        """Return the shape of one beat of a tensor of shape (jet, ...), without the jets."""
        return beat_shape([int(size or 0) for size in shape[1:]], domain, self.fold)


def beat_shape(shape: Sequence[int], domain: Domain, fold: int) -> tuple[int, ...]:
    """Return the shape of one beat of a value of a shape."""
    sizes = list(shape)
    # a value without particles, or with one, is of the whole jet
    if domain == "particles" and len(sizes) == RANK and sizes[0] > 1:
        sizes[0] //= fold
    if domain == "channels":
        sizes[-1] //= fold
    return tuple(sizes)


def plan(model: Any, fold: int, *, fold_sum: bool = False) -> FoldPlan:
    """Return how a flat Keras model folds.

    Args:
        model: the model.
        fold: beats of a jet.
        fold_sum: whether a weighted sum over the particles folds over channels, which waits for
            a whole jet twice; otherwise it runs once per jet.

    Raises:
        UsageError: for a fold that does not divide the particles or channels.
        LoweringError: for a model that does not fold.
    """
    shape = _input_shape(model)
    nodes = list(_nodes(model, fold_sum=fold_sum))
    if not any(node.domain != "jet" and not _is_elementwise(node.call) for node in nodes):
        raise LoweringError("none of its layers is a dense layer on particles, so nothing folds",
                            where=f"model {model.name}", mend="leave out --ii")  # fmt: skip
    _require_divisor(fold, {"particles": shape[0], **_channels(nodes)})
    sections, edges = _cut(model, nodes)
    _require_vector(model, sections)
    return FoldPlan(fold=fold, model=model, sections=sections, edges=edges)


def _input_shape(model: Any) -> tuple[int, int]:
    """Return the numbers of particles and features.

    Raises:
        LoweringError: if the model takes something else.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != RANK:
        given = " and ".join(map(str, shapes))
        raise LoweringError(
            f"it takes {given}, and only a tagger of one input (particle, feature) folds",
            where=f"model {model.name}", mend="leave out --ii",
        )  # fmt: skip
    return shapes[0]


def _channels(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the number of channels of each layer that folds over them."""
    return {
        f"channels of {node.call.name}": int(node.call.inputs[0].shape[-1])
        for node in nodes
        if node.domain == "channels"
    }


def _require_divisor(fold: int, sizes: Mapping[str, int]) -> None:
    """Refuse a fold that does not divide all sizes.

    Raises:
        UsageError: naming those that do.
    """
    common = gcd(*sizes.values())
    fits = ", ".join(str(k) for k in range(2, common + 1) if common % k == 0)
    for what, size in sizes.items():
        if size % fold:
            problem = "is above" if fold > size else "does not divide"
            raise UsageError(f"{fold} {problem} the {size} {what}", where=WHERE,
                             mend=f"choose from {fits}" if fits else "leave out --ii")  # fmt: skip


def _nodes(model: Any, *, fold_sum: bool) -> Iterator[Node]:
    """Yield every layer with what it folds over, in order of data flow."""
    known: dict[int, Node | None] = {id(model.inputs[0]): None}
    for call in calls_of(model):
        before = [known[id(tensor)] for tensor in call.inputs]
        domain, sums = _domain(call, [n.domain if n else "particles" for n in before])
        if domain == "channels" and _is_vector(call.outputs[0].shape) and not fold_sum:
            domain = "jet"
        level = max((_level(one, domain) for one in before), default=0)
        node = Node(call, domain, level, sums)
        known |= {id(tensor): node for tensor in call.outputs}
        yield node


def _level(before: Node | None, domain: Domain) -> int:
    if before is None:
        return 0 if domain == "particles" else 1
    return before.level + (before.domain != domain or before.sums)


def _domain(call: Call, before: Sequence[Domain]) -> tuple[Domain, bool]:
    """Return what a layer folds over, and whether it sums over the particles."""
    kind = kind_of(call.layer)[1]
    shapes = [tuple(tensor.shape[1:]) for tensor in call.inputs]
    whole = [shape for shape in shapes if len(shape) == RANK and shape[0] > 1]
    # what was once worked out for all particles together stays so
    late = any(one == "jet" and shape in whole for one, shape in zip(before, shapes, strict=True))
    if not whole or late or len(call.outputs) != 1:
        return "jet", False
    if _is_elementwise(call):
        return ("channels" if set(before) == {"channels"} else "particles"), False
    if kind in EINSUM:
        return _of_equation(call.layer.equation), False
    if kind in DENSE:
        return "particles", False
    if kind == "QSum" and tuple(call.layer.axes) == (1,):
        return "particles", True
    return "jet", False


def _is_vector(shape: Sequence[int | None]) -> bool:
    """Return whether a value has no particles, or one."""
    return len(shape) == RANK or shape[1] == 1


def _is_elementwise(call: Call) -> bool:
    return kind_of(call.layer)[1] in ELEMENTWISE


def _of_equation(equation: str) -> Domain:
    given, kernel, out = equation.replace("...", "?").replace("->", ",").split(",")
    if len(given) != RANK + 1:
        return "particles" if given[0] == "?" else "jet"
    particle, channel = given[1], given[2]
    if particle not in kernel and out[1:2] == particle:
        return "particles"
    return "channels" if channel not in kernel and out[-1] == channel else "jet"


def _cut(model: Any, nodes: Sequence[Node]) -> tuple[list[SectionPlan], list[Edge]]:
    """Return the sections in order of data flow, and the values between them."""
    first = SectionPlan("particles", 0)
    sections: dict[tuple[int, Domain], SectionPlan] = {(0, "particles"): first}
    given: dict[int, tuple[SectionPlan, bool]] = {id(model.inputs[0]): (first, False)}
    edges: list[Edge] = []
    for node in nodes:
        key = (node.level, node.domain)
        section = sections.setdefault(key, SectionPlan(node.domain, node.level))
        section.calls.append(node.call)
        for place, tensor in enumerate(node.call.inputs):
            source, sums = given[id(tensor)]
            if source is not section:
                edges.append(Edge(tensor, source, section, node.call, place, sums))
        given |= {id(tensor): (section, node.sums) for tensor in node.call.outputs}
    return [sections[key] for key in sorted(sections)], edges


def _require_vector(model: Any, sections: Sequence[SectionPlan]) -> None:
    """Refuse a model that answers for each particle, or that gives what it also uses.

    Raises:
        LoweringError: naming the layer.
    """
    last = sections[-1]
    given = {id(tensor) for call in last.calls for tensor in call.outputs}
    for tensor in model.outputs:
        if last.domain != "jet" or id(tensor) not in given:
            raise LoweringError(
                "its answer does not come from the last layers, which run once per jet",
                where=f"layer {tensor._keras_history.operation.name}", mend="leave out --ii",
            )  # fmt: skip
