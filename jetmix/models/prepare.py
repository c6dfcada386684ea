"""The form in which jetmix lowers a model: flat, without identities, with legal names.

People's models are nested, given as lists or dictionaries, hold dropout, and carry names that no
compiler takes. All that is settled here once, so that everything behind it sees one plain
functional model. The file of the user stays as it is, and its names are shown wherever a layer is
named.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jetmix.errors import LoweringError
from jetmix.models.identifiers import legal

_IDENTIFIER = re.compile(r"[A-Za-z]\w*", re.ASCII)
# layers that give what they take when a model predicts
IDENTITIES = (
    "Identity",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "ActivityRegularization",
)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A model ready to be lowered.

    Attributes:
        model: a flat functional Keras model with legal names.
        names: the original name of every layer and input that was renamed, by the legal one.
    """

    model: Any
    names: Mapping[str, str] = field(default_factory=dict)


def shown(text: str, names: Mapping[str, str]) -> str:
    """Return a layer's name, or text made of such names, with the names that a reader knows."""
    return _IDENTIFIER.sub(lambda found: names.get(found[0], found[0]), text)


@contextlib.contextmanager
def speaking(names: Mapping[str, str]) -> Iterator[None]:
    """Run a block whose errors name layers as the user does."""
    try:
        yield
    except LoweringError as error:
        if not str(error.where).startswith(("layer ", "model ")):
            raise
        what, where = (shown(text, names) for text in (error.what, error.where))
        raise LoweringError(what, mend=error.mend, where=where) from error


def prepare(model: Any) -> Prepared:
    """Return a model in the form in which jetmix lowers it.

    Layer objects are shared with ``model``, are renamed and belong to the new model afterwards:
    save ``model`` before if it is needed. Preparing again gives the same names.

    Args:
        model: any built Keras model, functional or sequential, of any nesting.

    Raises:
        LoweringError: if it is a subclassed model, or was never built.
    """
    graph = functional(model)
    operations = list(_operations(graph))
    names = _rename(operations)
    name = legal(str(model.name))
    if name != model.name:
        names[name] = str(model.name)
    if _is_flat(graph, operations) and all(map(_is_real, graph.inputs)):
        graph.name = name
        return Prepared(model=graph, names=names)
    return Prepared(model=_rebuilt(graph, operations, name), names=names)


def functional(model: Any) -> Any:
    """Return the graph of layers of a model.

    Raises:
        LoweringError: if it has none.
    """
    import keras

    if isinstance(model, keras.Sequential) and model.built:
        model = model._functional
    if not isinstance(model, keras.src.models.functional.Functional):
        raise LoweringError(
            f"the model {model.name} ({type(model).__name__}) is no graph of layers: what it "
            "computes is known to its Python code alone",
            mend="build it of layers called on keras.Input, as keras.Model(inputs, outputs)",
        )
    return model


def is_identity(layer: Any) -> bool:
    """Return whether a layer gives what it takes when the model predicts."""
    kind = type(layer).__name__
    if type(layer).__module__.split(".")[0] != "keras":
        return False
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    return kind in IDENTITIES or (kind == "Activation" and activation == "linear")


def _operations(graph: Any, path: str = "") -> Iterator[tuple[Any, str]]:
    """Yield every operation that is no model, and the path of the models that it is in."""
    seen = set()
    for operation in graph._operations:
        if _is_model(operation):
            for inner, where in _operations(functional(operation), f"{path}{operation.name}/"):
                if id(inner) not in seen and type(inner).__name__ != "InputLayer":
                    seen.add(id(inner))
                    yield inner, where
        elif id(operation) not in seen:
            seen.add(id(operation))
            yield operation, path


def _is_model(operation: Any) -> bool:
    import keras

    return isinstance(operation, keras.Model)


def _is_flat(graph: Any, operations: list[tuple[Any, str]]) -> bool:
    """Return whether a graph can be taken as it is: that saves seconds for a large one."""
    return (
        not any(_is_model(operation) for operation in graph._operations)
        and not any(is_identity(operation) for operation, _ in operations)
        and all(tensor.shape[0] is None for tensor in graph.inputs)
        and _is_plain(graph._inputs_struct, graph.inputs)
        and _is_plain(graph._outputs_struct, graph.outputs)
    )


def _is_real(tensor: Any) -> bool:
    return "float" in str(tensor.dtype)


def _is_plain(struct: Any, tensors: list[Any]) -> bool:
    """Return whether tensors are given as themselves if there is one, else as a flat list."""
    if len(tensors) == 1:
        return struct is tensors[0]
    return isinstance(struct, list | tuple) and all(
        one is other for one, other in zip(struct, tensors, strict=False)
    )


def _rebuilt(graph: Any, operations: list[tuple[Any, str]], name: str) -> Any:
    """Return the graph with inner models and identities resolved; shared layers stay shared."""
    import keras

    before = [(operation, len(operation._inbound_nodes)) for operation, _ in operations]
    inputs = [
        keras.Input(
            tensor.shape[1:],
            # a port has the grid of its quantiser, also where Keras would cut it to integers
            dtype=tensor.dtype if _is_real(tensor) else None,
            name=tensor._keras_history.operation.name,
        )
        for tensor in graph.inputs
    ]
    outputs = keras.tree.flatten(graph._run_through_graph(inputs, operation_fn=_inlined))
    for operation, old in before:
        _forget_nodes(operation, old)
    return keras.Model(_one(inputs), _one(outputs), name=name)


def _forget_nodes(operation: Any, count: int) -> None:
    """Drop the first nodes of an operation: its first is what Keras calls its input."""
    del operation._inbound_nodes[:count]
    for number, node in enumerate(operation._inbound_nodes):
        for tensor in node.outputs:
            tensor._keras_history = tensor._keras_history._replace(node_index=number)


def _inlined(operation: Any) -> Callable[..., Any]:
    """Return what stands for an operation: itself, the layers of a model, or its argument."""
    if _is_model(operation):
        inner = functional(operation)

        def run(*args: Any, **kwargs: Any) -> Any:
            given = args[0] if args else kwargs["inputs"]
            return inner._run_through_graph(given, operation_fn=_inlined)

        return run
    if is_identity(operation):
        return lambda inputs, *_, **__: inputs
    return operation  # type: ignore[no-any-return]


def _one(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


def _rename(operations: list[tuple[Any, str]]) -> dict[str, str]:
    """Give every operation and its quantisers legal names; return the original of each new one."""
    kept = [entry for entry in operations if not is_identity(entry[0])]
    named = [(operation, path, str(operation.name)) for operation, path in kept]
    taken: set[str] = set()
    names: dict[str, str] = {}
    # legal names of the outer model first: they stay
    named.sort(key=lambda entry: (legal(entry[2]) != entry[2], entry[1].count("/")))
    for operation, path, name in named:
        is_clash = path and legal(name).lower() in taken
        original = f"{path}{name}" if is_clash else name
        new = legal(original, taken)
        if new != name:
            _set_name(operation, new, names, original)
        taken.add(new.lower())
    for operation, _, _ in named:
        _rename_parts(operation, taken)
    return names


def _set_name(operation: Any, new: str, names: dict[str, str], original: str) -> None:
    old = str(operation.name)
    operation.name = new
    names[new] = original
    if type(operation).__name__ == "InputLayer":
        for tensor in operation._inbound_nodes[0].outputs:
            tensor.name = new
    for part in getattr(operation, "_layers", ()):
        if part.name.startswith(f"{old}_"):
            part.name = new + part.name[len(old) :]


def _rename_parts(operation: Any, taken: set[str]) -> None:
    """Give the layers inside a layer, such as its quantisers, legal names of their own."""
    for part in getattr(operation, "_layers", ()):
        part.name = legal(str(part.name), taken)
        taken.add(part.name.lower())
        _rename_inner(part)


def _rename_inner(layer: Any) -> None:
    for part in getattr(layer, "_layers", ()):
        part.name = legal(str(part.name))
        _rename_inner(part)
