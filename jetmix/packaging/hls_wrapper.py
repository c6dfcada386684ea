"""Target ``hls-wrapper``: a top function for Vitis HLS with a struct for each particle of a jet.

Beside the jet travels a token, which is part of the answer: Vitis HLS may write ports without a
handshake in different cycles, but never the parts of one port.
"""

from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.firmware.dais import width_of
from jetmix.firmware.hls_graph import FUNCTION, cpp_of, fixed, union
from jetmix.models.identifiers import legal
from jetmix.models.signature import Port, slices
from jetmix.packaging.order import Order, write_filled

SOURCES = "src"
ANSWER, TOKEN = "answer", "token"


def write(order: Order, folder: Path) -> None:
    """Write the header and the source of the top function, and a script that builds it.

    Raises:
        LoweringError: if the graph has no form in C++, or no latency is known.
    """
    places = {
        "hls_wrapper/wrapper.h": f"{SOURCES}/{order.label}.h",
        "hls_wrapper/wrapper.cpp": f"{SOURCES}/{order.label}.cpp",
        "hls_wrapper/build.tcl": "build.tcl",
    }
    write_filled(order, folder, places, _values(order))


def _values(order: Order) -> dict[str, object]:
    """Return what stands in the templates."""
    inputs, outputs = order.ports.inputs, order.ports.outputs
    code = cpp_of(order.graph, inputs, outputs)
    scope = f"{order.label}_ports"
    project = next(iter(order.synth.projects.values()))
    taken = inputs_of(order)
    kinds = zip((*inputs, *outputs), (*code.input_types, *code.output_types), strict=True)
    types = [f"typedef {kind} {port.identifier}_t;" for port, kind in kinds]
    parameters = [
        *(f"const {scope}::{one.kind} {one.port.identifier}[{one.count}]" for one in taken),
        f"const {scope}::token_t &{TOKEN}",
        f"{scope}::answer_t &{ANSWER}",
    ]
    arguments = [
        *(one.elements for one in taken),
        *(f"result.{port.identifier}" for port in outputs),
    ]
    body = [f"    using namespace {scope};", *(line for one in taken for line in one.unpacked())]
    return {
        "PART": project.part,
        "CLOCK_PERIOD_NS": project.clock_period_ns,
        "LATENCY": _latency(order),
        "SOURCE": code.source,
        "FUNCTION": FUNCTION,
        "TYPES": "\n".join([*types, *(one.struct() for one in taken if one.fields)]),
        "OUTPUTS": "\n".join(f"    {p.identifier}_t {p.identifier}[{p.size}];" for p in outputs),
        "PARAMETERS": ", ".join(parameters),
        "PRAGMAS": _pragmas([port.identifier for port in inputs]),
        "BODY": "\n".join(body),
        "ARGUMENTS": ", ".join(arguments),
    }


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input: a struct for each row of two axes (particle, feature), else its elements.

    Attributes:
        port: the input.
        kind: type of an object, which the function takes ``count`` of.
        count: number of objects.
        fields: type and name of each field of a struct, nothing where there is none.
    """

    port: Port
    kind: str
    count: int
    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, order: Order, port: Port, place: slice) -> "Input":
        """Describe an input whose elements are those of a place in the graph's inputs."""
        name = port.identifier
        if len(port.shape) != 2:
            return cls(port=port, kind=f"{name}_t", count=port.size)
        widths = [width_of(grid) for grid in order.graph.inp_qint[place]]
        n = port.shape[1]
        # one type holds a feature of all particles; each is cut to its own width inside
        types = [fixed(union(widths[i::n])) for i in range(n)]
        fields = tuple(zip(types, _features(order, n), strict=True))
        return cls(port=port, kind=f"{name}_object_t", count=port.shape[0], fields=fields)

    @property
    def elements(self) -> str:
        """The array of its elements."""
        return f"{self.port.identifier}_elements"

    def struct(self) -> str:
        """Return the declaration of the struct."""
        lines = "".join(f"    {kind} {name};\n" for kind, name in self.fields)
        return f"\nstruct {self.kind} {{\n{lines}}};"

    def unpacked(self) -> list[str]:
        """Return the lines that make the elements of the network from the objects."""
        name, n = self.port.identifier, len(self.fields)
        lines = [
            f"[{n} * i + {k}] = {name}[i].{field};" for k, (_, field) in enumerate(self.fields)
        ]
        return [
            f"    {name}_t {self.elements}[{self.port.size}];",
            f"    for (int i = 0; i < {self.count}; i++) {{",
            "        #pragma HLS UNROLL",
            *(f"        {self.elements}{line}" for line in lines or [f"[i] = {name}[i];"]),
            "    }",
        ]


def inputs_of(order: Order) -> list[Input]:
    """Return all inputs of a tagger, in their order."""
    inputs = order.ports.inputs
    return [
        Input.of(order, port, place) for port, place in zip(inputs, slices(inputs), strict=True)
    ]


def _features(order: Order, n: int) -> list[str]:
    """Return the names of the features in C++, numbers where they are not known."""
    trained_on = order.synth.tagger.dataset
    known = () if trained_on is None else trained_on.selection.columns
    if len(known) != n:
        return [f"feature_{i}" for i in range(n)]
    names: list[str] = []
    for name in known:
        names.append(legal(name, {taken.lower() for taken in names}))
    return names


def _latency(order: Order) -> int:
    """Return the cycles of the pipeline, those of the Verilog where there is one."""
    cycles = [project.latency_cycles for project in order.synth.projects.values()]
    cycles += [report.latency_cycles for report in order.synth.resources]
    known = [count for count in cycles if count]
    if not known:
        raise LoweringError(
            "no report states a latency", where=order.synth.path, mend="run 'jetmix synth' again"
        )
    return known[0]


def _pragmas(inputs: list[str]) -> str:
    """Return how the ports are held: objects side by side, each with its fields in one word."""
    lines = [f"ARRAY_PARTITION variable={name} complete" for name in inputs]
    for name in (*inputs, TOKEN, ANSWER):
        lines += [f"AGGREGATE variable={name} compact=bit", f"INTERFACE ap_none port={name}"]
    return "\n".join(f"    #pragma HLS {line}" for line in lines)
