"""Table proof: every lookup table holds what its layer gives, for every value of its operand.

The Keras layer is called with all values that its inputs can take, one after the other, and the
graph is worked out for the same values. A layer of many tables adds their results up: then its
outputs are shown to be sums of functions of one input each, so that it is enough to vary one
input at a time. Nothing is sampled, and how the tables were made plays no part.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jetmix.errors import BitsDifferError
from jetmix.firmware import arithmetic, dais
from jetmix.firmware.dais import Width, widths_of
from jetmix.firmware.graph import DaGraph, Operation, Traces
from jetmix.models.calls import Call
from jetmix.support.arrays import Float64, Ints
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked
from jetmix.verification.proofs import linear, ranges, sweeps
from jetmix.verification.proofs.sweeps import Places

UNARY = ("QUnaryFunctionLUT", "QAffinedUnaryFunctionLUT")
# values of one input, and values of a layer's outputs, beyond which a layer is not shown
MOST_VALUES, MOST_OUTPUTS = 2**16, 3e8
ELSEWHERE = "the trace does not name the inputs of these tables"
REGRIDDED = "the engine gave these tables another grid than in the trace"
OTHERS = "(other tables)"


@dataclass(frozen=True, kw_only=True)
class TableProof:
    """The lookup tables of one layer, compared with the layer.

    Attributes:
        layer: its name.
        tables: number of tables.
        entries: entries of all of them that some input reads.
        wrong: values of the layer's outputs that differ, over all values of its inputs.
        reason: why the tables could not be compared, None where they were.
    """

    layer: str
    tables: int
    entries: int
    wrong: int
    reason: str | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "tables", "entries", "wrong"),
        **checked(NOT_EMPTY, "layer", "reason"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not."""
        if self.entries < self.tables:
            yield "entries", f"at least one per table, {self.tables}"


class NotShownError(Exception):
    """A layer whose tables cannot be compared, and why."""


# content of a table, and the grids that it is read and written on
Key = tuple[bytes, int, float, float]


def prove(
    model: Any, traces: Traces, graph: DaGraph, layered: tuple[DaGraph, Places]
) -> tuple[TableProof, ...]:
    """Compare all lookup tables of a graph with the layers of a model.

    Args:
        model: Keras HGQ model.
        traces: what :func:`jetmix.firmware.da_graph.trace_layers` gave for it.
        graph: the graph of the firmware.
        layered: what :func:`jetmix.firmware.da_graph.layered` made of the traces.
    """
    if not any(op.opcode == dais.TABLE for op in graph.ops):
        return ()
    prover = _Prover(model, layered)
    calls = [call for call in sweeps.parts(model, traces) if _is_of_tables(call.layer)]
    proofs = [prover.prove(call) for call in calls]
    proofs = [proof for proof in proofs if proof.tables]
    return (*proofs, *_rest(graph, layered[0], prover.shown, prover.seen))


def require_proofs(proofs: Sequence[TableProof], where: object) -> None:
    """Raise if a table differs from its layer.

    Raises:
        BitsDifferError: naming the first layer.
    """
    for proof in proofs:
        if proof.wrong:
            raise BitsDifferError(
                f"the lookup tables of layer {proof.layer} differ from it in {proof.wrong} values",
                where=where,
                mend="do not use this firmware; keep the folder and report the model",
            )


def _is_of_tables(layer: Any) -> bool:
    return type(layer).__name__ in UNARY or hasattr(layer, "toq")


class _Prover:
    """The layered graph, and which of its tables were compared."""

    def __init__(self, model: Any, layered: tuple[DaGraph, Places]) -> None:
        self.model = model
        self.graph, self.places = layered
        self.widths = widths_of(self.graph)
        self.intervals = ranges.intervals_of(self.graph)
        self.whole = ranges.whole(self.graph)
        self.shown: set[Key] = set()
        self.seen: set[int] = set()

    def prove(self, call: Call) -> TableProof:
        tables: list[int] = []
        try:
            taken, ends = self._ends(call)
            inputs = sweeps.Inputs.of(self.graph, self.widths, self.intervals, taken)
            live = [self.graph.out_idxs[place] for place in ends]
            found = dais.reached(self.graph, live, set(inputs.operations))
            tables = [i for i in found if self.graph.ops[i].opcode == dais.TABLE]
            self.seen.update(tables)
            wrong, entries = self._compared(call, inputs, ends, tables)
        except (NotShownError, linear.NotLinearError, sweeps.TooManyError) as error:
            entries = sum(len(dais.entries_of(self.graph, self.graph.ops[i])[1]) for i in tables)
            return TableProof(
                layer=call.name, tables=len(tables), entries=entries, wrong=0, reason=str(error)
            )
        self.shown.update(key_of(self.graph, self.graph.ops[i]) for i in tables)
        return TableProof(layer=call.name, tables=len(tables), entries=entries, wrong=wrong)

    def _ends(self, call: Call) -> tuple[Sequence[int], Sequence[int]]:
        """Return the places of a layer's inputs, quantised or not, and of its outputs."""
        ends = self.places[sweeps.place_of(call, "final")]
        if type(call.layer).__name__ in UNARY:
            taken = self.places.get(sweeps.place_of(call, "post_iq"))
            if taken is None:
                raise NotShownError("it has no input quantiser")
            return taken, ends
        taken = sweeps.source(call, self.model, self.places)
        if taken is None:
            raise NotShownError("the trace does not name its inputs")
        return taken, self.places.get(f"/{call.name}/post_call") or ends

    def _compared(
        self, call: Call, inputs: sweeps.Inputs, ends: Sequence[int], tables: Sequence[int]
    ) -> tuple[int, int]:
        """Return how many outputs differ over all values of the inputs, and entries read."""
        live = [self.graph.out_idxs[place] for place in ends]
        if type(call.layer).__name__ in UNARY:
            values = inputs.together(MOST_VALUES)
            expected = sweeps.called(call, values, len(ends))
            self._require_unary(inputs, live)
        else:
            groups = self._groups(inputs, live)
            values = inputs.one_by_one(groups, sweeps.grids_of(call), MOST_VALUES)
            if len(values) * len(ends) * inputs.size > MOST_OUTPUTS:
                raise NotShownError(f"{len(values)} vectors would be needed")
            expected = sweeps.summed(call, values, len(ends))
        found = arithmetic.run(self.graph, self.widths, inputs.integers(values), live)
        entries = sum(len(np.unique(found[self.graph.ops[i].id0])) for i in tables)
        return int((self._real(found, len(values), ends) != expected).sum()), entries

    def _real(self, found: Mapping[int, Ints], n: int, ends: Sequence[int]) -> Float64:
        """Return the outputs (vector, output) from the integers of operations."""
        got = np.zeros((n, len(ends)))
        for number, place in enumerate(ends):
            index = self.graph.out_idxs[place]
            if index >= 0:
                got[:, number] = _scale(self.graph, self.widths, place) * found[index]
        return got

    def _require_unary(self, inputs: sweeps.Inputs, live: Sequence[int]) -> None:
        """Raise unless each output is made from the input at its own place alone."""
        stops = set(inputs.operations)
        for number, index in enumerate(live):
            read = self._read(index, stops)
            if not read <= {inputs.operations[number]}:
                raise NotShownError("an output is made from more than one input")

    def _read(self, end: int, stops: set[int]) -> set[int]:
        if end in stops:
            return {end}
        between = dais.reached(self.graph, [end], stops)
        return {s for i in between for s in dais.operands(self.graph.ops[i]) if s in stops}

    def _groups(self, inputs: sweeps.Inputs, live: Sequence[int]) -> list[list[int]]:
        """Return operations of inputs in groups of which each output reads one at most.

        Raises:
            NotShownError: if an output is more than a sum of functions of one input each.
        """
        owner = self._owners(inputs)
        forms = {i: {i: 1.0} for i, source in owner.items() if source is not None}
        readers: dict[int, set[int]] = {}
        for number, index in enumerate(live):
            try:
                form = linear.form_of(self.graph, index, forms, self.whole)
            except linear.NotLinearError as error:
                raise NotShownError(
                    f"not every table is seen to read one input alone ({error})"
                ) from error
            for leaf in form:
                if leaf != linear.ONE:
                    readers.setdefault(owner[leaf], set()).add(number)  # type: ignore[arg-type]
        return sweeps.apart(readers)

    def _owners(self, inputs: sweeps.Inputs) -> Mapping[int, int | None]:
        """Return for each operation made from one input alone which one that is."""
        owner: dict[int, int | None] = {index: index for index in inputs.operations}
        for index, op in enumerate(self.graph.ops):
            if index in owner:
                continue
            sources = [s for s in dais.operands(op) if self.graph.ops[s].opcode != dais.CONSTANT]
            owners = {owner.get(source) for source in sources}
            if len(owners) == 1 and None not in owners:
                owner[index] = owners.pop()
        return owner


def key_of(graph: DaGraph, op: Operation) -> Key:
    """Return what identifies a table: its content and its grids."""
    first, entries = dais.entries_of(graph, op)
    return entries.tobytes(), first, graph.ops[op.id0].qint.step, op.qint.step


def _rest(
    graph: DaGraph, layered: DaGraph, shown: set[Key], seen: set[int]
) -> Iterator[TableProof]:
    """Yield the tables of the firmware that are none of those that were compared."""
    others = {
        key_of(layered, op)
        for index, op in enumerate(layered.ops)
        if op.opcode == dais.TABLE and index not in seen
    }
    not_shown = {
        key_of(layered, layered.ops[index])
        for index in seen
        if key_of(layered, layered.ops[index]) not in shown
    }
    contents = {dais.entries_of(layered, op)[1].tobytes() for op in tables_of(layered)}
    found: dict[str | None, list[int]] = {}
    for op in tables_of(graph):
        key, size = key_of(graph, op), len(dais.entries_of(graph, op)[1])
        if key in shown | not_shown:
            continue
        # engines change no entries, but may read the same ones on another grid
        regridded = REGRIDDED if key[0] in contents else None
        found.setdefault(ELSEWHERE if key in others else regridded, []).append(size)
    for reason, sizes in found.items():
        yield TableProof(
            layer=OTHERS, tables=len(sizes), entries=sum(sizes), reason=reason,
            wrong=0 if reason else sum(sizes),
        )  # fmt: skip


def tables_of(graph: DaGraph) -> list[Operation]:
    """Return the operations of a graph that look up in a table."""
    return [op for op in graph.ops if op.opcode == dais.TABLE]


def _scale(graph: DaGraph, widths: Sequence[Width], place: int) -> float:
    sign = -1.0 if graph.out_negs[place] else 1.0
    fraction = widths[graph.out_idxs[place]].fraction
    return sign * 2.0 ** (graph.out_shifts[place] - fraction)
