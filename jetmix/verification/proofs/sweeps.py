"""Values that a layer's inputs run through, all of them, and what Keras gives for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.dais import Interval, Width
from jetmix.firmware.engines.inner import TABLES
from jetmix.firmware.graph import DaGraph, Traces
from jetmix.models.calls import Call, calls_of, origins
from jetmix.support.arrays import Float64, Ints

# outputs of which layer are where: place to outputs of the layered graph
Places = Mapping[str, Sequence[int]]
# step, and end of the range, of every quantiser of an input
Grids = frozenset[tuple[float, float]]
# integers of inputs beyond which nothing is looked at
MOST_STRIDE = 2**40
# values that are given to Keras at once
BATCH_VALUES = 4_000_000


class TooManyError(Exception):
    """An input takes too many values to run through all of them."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of a layer in a graph, in the layer's order.

    An input that is a sum with a constant is described by the other summand: engines add the
    constant of one layer and that of the next in one step, past the sum itself.

    Attributes:
        operations: the operation of each.
        scales: what an operation's integer is to be multiplied with, to give the input.
        offsets: what is to be added then.
        first: smallest integer of each.
        count: how many integers each can be.
    """

    operations: list[int]
    scales: Float64
    offsets: Float64
    first: Ints
    count: Ints

    @classmethod
    def of(
        cls,
        graph: DaGraph,
        widths: Sequence[Width],
        intervals: Sequence[Interval],
        places: Sequence[int],
    ) -> "Inputs":
        """Read the inputs at ``places`` of a layered graph, or input ports, given as -1 - port."""
        ports = {op.id0: index for index, op in enumerate(graph.ops) if op.opcode == -1}
        found = [ports.get(-1 - p, -1) if p < 0 else graph.out_idxs[p] for p in places]
        signs = [1.0 if p < 0 or not graph.out_negs[p] else -1.0 for p in places]
        shifts = [0 if p < 0 else graph.out_shifts[p] for p in places]
        operations, scales, offsets, first, last = [], [], [], [], []
        for end, sign, shift in zip(found, signs, shifts, strict=True):
            index, constant = _without_constant(graph, end)
            fraction = widths[index].fraction if index >= 0 else 0
            low, high = intervals[index] if index >= 0 else (0.0, 0.0)
            operations.append(index)
            scales.append(sign * 2.0 ** (shift - fraction))
            offsets.append(sign * 2.0**shift * constant)
            first.append(round(low * 2.0**fraction))
            last.append(round(high * 2.0**fraction))
        begin = np.array(first, dtype=np.int64)
        return cls(
            operations=operations,
            scales=np.array(scales),
            offsets=np.array(offsets),
            first=begin,
            count=np.array(last, dtype=np.int64) - begin + 1,
        )

    @property
    def size(self) -> int:
        """Number of inputs."""
        return len(self.operations)

    def together(self, most: int) -> Float64:
        """Return vectors in which every input runs through all its values at the same time.

        Raises:
            TooManyError: if an input has more than ``most`` values.
        """
        longest = int(self.count.max(initial=1))
        if longest > most:
            raise TooManyError(f"an input has {longest} values")
        steps = np.arange(longest)[:, None]
        integers = self.first + np.minimum(steps, self.count - 1)
        return np.asarray(integers * self.scales + self.offsets, dtype=np.float64)

    def one_by_one(
        self, groups: Sequence[Sequence[int]], grids: Sequence[Grids | None], most: int
    ) -> Float64:
        """Return vectors in which the inputs of one group at a time run through all their codes.

        Args:
            groups: operations of inputs.
            grids: what quantises each input, None where every value counts.
            most: largest number of values of an input.

        Raises:
            TooManyError: if an input has more than ``most`` values, or some that Keras rounds.
        """
        # 0, or what is nearest to it: few bits, so that Keras does not round it
        zero = np.rint(-self.offsets / self.scales).astype(np.int64)
        base = np.clip(zero, self.first, self.first + self.count - 1)
        blocks = [base[None]]
        for group in groups:
            members = [i for i, operation in enumerate(self.operations) if operation in group]
            codes = [self._codes(i, grids[i], most) for i in members]
            longest = max((len(run) for run in codes), default=0)
            block = np.repeat(base[None], longest, axis=0)
            for i, run in zip(members, codes, strict=True):
                block[:, i] = np.pad(run, (0, longest - len(run)), mode="edge")
            blocks.append(block)
        integers = np.concatenate(blocks)
        values = np.asarray(integers * self.scales + self.offsets, dtype=np.float64)
        if (values.astype(np.float32) != values).any():
            raise TooManyError("an input has values that Keras rounds")
        return values

    def _codes(self, i: int, grids: Grids | None, most: int) -> Ints:
        """Return integers of an input; all others are quantised as one of these is."""
        # multiples of the input's own scale, from here on
        offset, scale = float(self.offsets[i] / self.scales[i]), abs(float(self.scales[i]))
        if not offset.is_integer():
            grids, offset = None, 0.0
        first = int(self.first[i]) + int(offset)
        last = first + int(self.count[i]) - 1
        runs = [np.array([first], dtype=np.int64)]
        for step, top in grids if grids is not None else [(scale, np.inf)]:
            stride = int(np.clip(step / scale, 1, MOST_STRIDE))
            end = int(min(np.ceil(top / scale), MOST_STRIDE))
            windows = [(-end, end)]
            if first > -end or last < end - stride:
                # what lies beyond wraps or saturates: one period holds all that is left
                windows += [(first, first + 2 * end)]
                # the last one may be rounded up
                half = last - last % stride + stride // 2
                windows += [(half, half)] if half <= last else []
            for low, high in windows:
                begin, stop = max(low, first), min(high, last) + 1
                begin -= begin % stride if low < high else 0
                if (stop - begin) // stride >= most:
                    raise TooManyError(f"an input has {(stop - begin) // stride} values")
                runs.append(np.arange(begin, stop, stride, dtype=np.int64).clip(first, last))
        found = np.unique(np.concatenate(runs))
        if len(found) > most:
            raise TooManyError(f"an input has {len(found)} values")
        return np.asarray(found - int(offset), dtype=np.int64)

    def integers(self, values: Float64) -> dict[int, Ints]:
        """Return the integers of operations for values of the inputs, (vector, input)."""
        return {
            operation: np.rint((values[:, i] - self.offsets[i]) / self.scales[i]).astype(np.int64)
            for i, operation in enumerate(self.operations)
            if operation >= 0
        }


def _without_constant(graph: DaGraph, index: int) -> tuple[int, float]:
    """Return the operation that a sum with constants adds them to, and their sum."""
    constant = 0.0
    while index >= 0 and graph.ops[index].opcode == dais.ADD_CONSTANT:
        op = graph.ops[index]
        constant += op.data * op.qint.step
        index = op.id0
    return index, constant


def apart(readers: Mapping[int, set[int]]) -> list[list[int]]:
    """Return inputs in groups of which no two are read by the same output, greedily."""
    groups: list[tuple[list[int], set[int]]] = []
    for one, outputs in readers.items():
        for members, taken in groups:
            if not taken & outputs:
                members.append(one)
                taken.update(outputs)
                break
        else:
            groups.append(([one], set(outputs)))
    return [members for members, _ in groups]


def parts(model: Any, traces: Traces) -> Iterator[Call]:
    """Yield all calls of HGQ layers that the traces name, each followed by its inner tables."""
    for call in calls_of(model):
        if not type(call.layer).__module__.startswith("hgq"):
            continue
        if f"/{call.name}/final" in traces:
            yield call
        softmax = getattr(call.layer, "_softmax", call.layer)
        for name in TABLES:
            if f"/{call.name}/{name}:final" in traces:
                inner = getattr(softmax, name)
                yield Call(name=f"{call.name}/{name}", layer=inner, inputs=(), outputs=())


def place_of(call: Call, part: str) -> str:
    """Return the place of a part of a layer in the traces."""
    return f"/{call.name}{':' if '/' in call.name else '/'}{part}"


def source(call: Call, model: Any, places: Places) -> Sequence[int] | None:
    """Return the places of what a layer takes; an input port of the model is -1 - its number."""
    if len(call.inputs) != 1:
        return None
    name, number = origins(model).get(id(call.inputs[0]), ("", 0))
    if name == "inputs":
        sizes = [int(np.prod(tensor.shape[1:])) for tensor in model.inputs]
        start = sum(sizes[:number])
        return [-1 - port for port in range(start, start + sizes[number])]
    return None if number else places.get(f"/{name}/final")


def grids_of(call: Call) -> list[Grids | None]:
    """Return what quantises each flattened input of a layer of tables, once for every output."""
    layer, shape = call.layer, tuple(call.inputs[0].shape[1:])
    size = int(np.prod(shape))
    if hasattr(layer, "rank"):
        return [None] * size
    wide = (1, *shape, layer.n_out)
    mapper = layer.iq.quantizer.bw_mapper
    kif = (mapper.bw_to_x(bits, wide) for bits in layer.iq.quantizer.kif)
    sign, whole, fraction = (
        np.broadcast_to(np.asarray(bits, np.float64), wide).reshape(size, -1) for bits in kif
    )
    # a value without bits is always 0
    live = sign + whole + fraction > 0
    return [
        frozenset(zip(2.0 ** -fraction[i][live[i]], 2.0 ** whole[i][live[i]], strict=True))
        for i in range(size)
    ]


def called(call: Call, values: Float64, size: int) -> Float64:
    """Return what a Keras layer gives for values of its flattened inputs, (vector, output)."""
    return _batched(call, call.layer, values, size)


def summed(call: Call, values: Float64, size: int) -> Float64:
    """Return the sums of a layer of tables before its activation, (vector, output)."""
    from keras import activations

    layer = call.layer
    plain = layer.activation is activations.linear and not layer.enable_oq
    return _batched(call, layer if plain else _sum_of(layer), values, size)


def _sum_of(layer: Any) -> Any:
    """Return a function that calls a layer of tables without activation and output quantiser."""
    from keras import activations

    kind = type(layer)

    def call(x: Any) -> Any:
        kept, layer.activation = layer.activation, activations.linear
        try:
            return kind.call.__wrapped__(layer, x, training=False)
        finally:
            layer.activation = kept

    return call


def _batched(call: Call, function: Any, values: Float64, size: int) -> Float64:
    """Return a function of tensors as ``model.predict`` compiles it, (vector, output)."""
    import keras

    class Swept(keras.Model):  # type: ignore[misc]
        """Runs a function as ``predict`` runs a model."""

        def call(self, values: Any) -> Any:
            return function(values)

    layer, shape = call.layer, _input_shape(call, values.shape[1])
    inner = getattr(layer, "n_out", 1) * (getattr(layer, "d_hl", 0) + 1)
    batch = max(1, min(len(values), int(BATCH_VALUES / max(values.shape[1] * inner, 1))))
    # batches of one size: each other size would be compiled anew
    padded = np.concatenate([values, np.repeat(values[-1:], -len(values) % batch, axis=0)])
    given = padded.astype(np.float32).reshape(-1, *shape)
    got = Swept().predict(given, batch_size=batch, verbose=0)
    return np.asarray(got, dtype=np.float64).reshape(len(padded), size)[: len(values)]


def _input_shape(call: Call, size: int) -> tuple[int, ...]:
    """Return the shape of one input; inner layers have no tensor of their own to tell it."""
    if call.inputs:
        return tuple(call.inputs[0].shape[1:])
    built = getattr(call.layer, "_build_shapes_dict", None) or {}
    shape = tuple(built.get("input_shape") or (None, size))[1:]
    return shape if None not in shape and int(np.prod(shape)) == size else (size,)
