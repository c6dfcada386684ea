"""A graph as C++ for Vitis HLS: every operation one line on fixed-point values, exact by its type.

The lines have the form of hls4ml's own kernels. They stand in functions of limited length, since
compilers take more than proportionally longer for long ones; HLS inlines them all again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jetmix.errors import LoweringError
from jetmix.firmware import dais
from jetmix.firmware.dais import Width
from jetmix.firmware.graph import DaGraph, Operation
from jetmix.models.signature import Port, slices

FUNCTION = "jetmix_graph"
# lines of a function: beyond some hundreds the compiler's time per line grows
BLOCK = 400
# integers of C++ that constants and the entries of tables are written as
WORD = 64
_WORDS = ((8, "signed char"), (16, "short"), (32, "int"), (WORD, "long long"))
HELPERS = """
// the value of these bits
template <typename T> T bits(long long word) {
    #pragma HLS INLINE
    T value;
    value.range() = word;
    return value;
}
"""


@dataclass(frozen=True, kw_only=True)
class CppGraph:
    """The C++ of a graph.

    Attributes:
        source: the functions, for a header inside the namespace ``nnet``; the last of them is
            ``jetmix_graph``, of one array per port, inputs first.
        input_types: type of each input's elements.
        output_types: type of each output's elements.
    """

    source: str
    input_types: tuple[str, ...]
    output_types: tuple[str, ...]


def cpp_of(graph: DaGraph, inputs: Sequence[Port], outputs: Sequence[Port]) -> CppGraph:
    """Return a graph as C++.

    Args:
        graph: the graph, of any engine.
        inputs: ports whose elements are the graph's inputs, in order.
        outputs: ports whose elements are its outputs, in order.

    Raises:
        LoweringError: if a value is wider than a word, or an operation is not known.
    """
    try:
        lines = _Lines(graph, _elements(inputs))
        ends = [_width_of_output(graph, i) for i in range(graph.shape[1])]
        input_types = _port_types([dais.width_of(grid) for grid in graph.inp_qint], inputs)
        output_types = _port_types(ends, outputs)
        arrays = [
            f"{kind} {port.identifier}[{port.size}]"
            for kind, port in zip((*input_types, *output_types), (*inputs, *outputs), strict=True)
        ]
        functions, calls = _blocks(lines, arrays[: len(inputs)], inputs)
        top = [*calls, *lines.outputs(_elements(outputs), ends)]
    except dais.UnsupportedError as error:
        raise LoweringError(
            f"the graph has no form in C++ ({error})", mend="use --flow rtl"
        ) from error
    functions.append(_function(FUNCTION, arrays, top))
    return CppGraph(
        source="\n".join([HELPERS, *lines.tables.values(), "", *functions]),
        input_types=input_types,
        output_types=output_types,
    )


class _Lines:
    """Writes the operations of a graph as lines of C++."""

    def __init__(self, graph: DaGraph, elements: Sequence[str]) -> None:
        self.graph = graph
        self.elements = elements
        self.widths = dais.widths_of(graph)
        widest = max((width.bits for width in self.widths), default=0)
        if widest > WORD:
            raise dais.UnsupportedError(f"a value of {widest} bits")
        self.live = dais.reached(graph, graph.out_idxs, set())
        self.tables: dict[str, str] = {}

    def type_of(self, index: int) -> str:
        """Return the type of an operation's result."""
        return _type(self.widths[index])

    def value(self, index: int) -> str:
        """Return the line that declares an operation's result."""
        # no bits at all are always 0, whatever they are made from
        value = self._expression(index) if self.widths[index].bits > 0 else "0"
        return f"{self.type_of(index)} v{index} = {value};"

    def outputs(self, elements: Sequence[str], widths: Sequence[Width]) -> list[str]:
        """Return the lines that write the outputs."""
        graph, lines = self.graph, []
        for i, (element, source) in enumerate(zip(elements, graph.out_idxs, strict=True)):
            sign = "-" if graph.out_negs[i] else ""
            value = f"{sign}{_shifted(source, graph.out_shifts[i])}" if source >= 0 else "0"
            lines.append(f"{element} = {_type(widths[i])}({value});")
        return lines

    def _expression(self, index: int) -> str:
        op, width = self.graph.ops[index], self.widths[index]
        if op.opcode == dais.COPY_INPUT:
            return self.elements[op.id0]
        write = {
            dais.ADD: self._sum,
            dais.SUBTRACT: self._sum,
            dais.RELU: self._relu,
            dais.QUANTISE: self._quantised,
            dais.ADD_CONSTANT: self._raised,
            dais.CONSTANT: self._constant,
            dais.SELECT: self._choice,
            dais.MULTIPLY: self._product,
            dais.TABLE: self._looked_up,
            dais.BIT_UNARY: self._bit_unary,
            dais.BIT_BINARY: self._bit_pair,
        }
        return write[abs(op.opcode)](op, width)

    def _sum(self, op: Operation, _: Width) -> str:
        sign = "-" if op.opcode == dais.SUBTRACT else "+"
        return f"v{op.id0} {sign} {_shifted(op.id1, int(op.data))}"

    def _relu(self, op: Operation, width: Width) -> str:
        kind, sign = _type(width), _sign(op)
        kept = f"v{op.id0} {'<' if sign else '>'} 0"
        return f"{kept} ? {kind}({sign}v{op.id0}) : {kind}(0)"

    def _quantised(self, op: Operation, _: Width) -> str:
        return f"{_sign(op)}{_shifted(op.id0, dais.shift_of(op))}"

    def _raised(self, op: Operation, width: Width) -> str:
        magnitude = abs(int(op.data))
        # an integer in the narrowest type, since decimals may not be exact
        term = Width(sign=0, fraction=width.fraction, bits=magnitude.bit_length())
        return f"v{op.id0} {'-' if op.data < 0 else '+'} bits<{_type(term)}>({magnitude}LL)"

    def _constant(self, op: Operation, width: Width) -> str:
        return f"bits<{_type(width)}>({int(op.data)}LL)"

    def _product(self, op: Operation, _: Width) -> str:
        return f"v{op.id0} * v{op.id1}"

    def _choice(self, op: Operation, width: Width) -> str:
        choice, kind = dais.choice_of(op), _type(width)
        top = max(self.widths[choice.chooser].bits - 1, 0)
        second = f"{_sign(op)}{_shifted(op.id1, choice.shift)}"
        return f"v{choice.chooser}[{top}] ? {kind}(v{op.id0}) : {kind}({second})"

    def _looked_up(self, op: Operation, width: Width) -> str:
        return f"bits<{_type(width)}>({self._table(op)}[v{op.id0}.range()])"

    def _bit_pair(self, op: Operation, width: Width) -> str:
        pair, kind = dais.bit_pair_of(op), _type(width)
        first, second = ("-" if negated else "" for negated in pair.negated)
        action = {dais.AND: "&", dais.OR: "|", dais.XOR: "^"}[pair.action]
        second += _shifted(op.id1, pair.shift)
        return f"{kind}({first}v{op.id0}) {action} {kind}({second})"

    def _bit_unary(self, op: Operation, width: Width) -> str:
        key = dais.width_of(self.graph.ops[op.id0].qint, negated=op.opcode < 0)
        value = f"{_sign(op)}v{op.id0}"
        if op.data == dais.ANY:
            return f"bits<{_type(width)}>({value} != 0)"
        word = f"ap_{'' if key.sign else 'u'}int<{max(key.bits, 1)}>"
        inverted = f"~(long long)({word}({_type(key)}({value}).range()))"
        if op.data == dais.ALL:
            return f"bits<{_type(width)}>(({inverted} & {2**key.bits - 1}LL) == 0)"
        return f"bits<{_type(width)}>({inverted}{'' if width.sign else f' & {2**key.bits - 1}LL'})"

    def _table(self, op: Operation) -> str:
        """Return the name of the table of a look-up, by the bits of the operand, and keep it."""
        key, (first, entries) = self.widths[op.id0], dais.entries_of(self.graph, op)
        values = [0] * 2**key.bits
        for place, entry in enumerate(entries):
            values[(first + place) % len(values)] = int(entry)
        name = f"table_{int(op.data)}_{key.bits}_{first % len(values)}"
        bits = max(v.bit_length() if v >= 0 else (~v).bit_length() for v in values) + 1
        word = next(word for width, word in _WORDS if bits <= width)
        listed = ", ".join(map(str, values))
        self.tables[name] = f"static const {word} {name}[{len(values)}] = {{{listed}}};"
        return name


def _blocks(
    lines: _Lines, arrays: Sequence[str], inputs: Sequence[Port]
) -> tuple[list[str], list[str]]:
    """Return functions of the live operations, and the lines that call one after the other."""
    blocks = [lines.live[i : i + BLOCK] for i in range(0, len(lines.live), BLOCK)]
    place = {index: number for number, block in enumerate(blocks) for index in block}
    last = {index: len(blocks) for index in lines.graph.out_idxs if index >= 0}
    for index in reversed(lines.live):
        for source in dais.operands(lines.graph.ops[index]):
            last.setdefault(source, place[index])
    functions, calls = [], []
    for number, block in enumerate(blocks):
        read = {s for index in block for s in dais.operands(lines.graph.ops[index])}
        taken = sorted(index for index in read if place[index] < number)
        given = [index for index in block if last[index] > number]
        parameters = [
            *arrays,
            *(f"const {lines.type_of(index)} &v{index}" for index in taken),
            *(f"{lines.type_of(index)} &to_v{index}" for index in given),
        ]
        body = [*map(lines.value, block), *(f"to_v{index} = v{index};" for index in given)]
        functions.append(_function(f"{FUNCTION}_{number}", parameters, body))
        calls += [f"{lines.type_of(index)} v{index};" for index in given]
        names = [*(port.identifier for port in inputs), *(f"v{i}" for i in (*taken, *given))]
        calls.append(f"{FUNCTION}_{number}({', '.join(names)});")
    return functions, calls


def _function(name: str, parameters: Sequence[str], body: Sequence[str]) -> str:
    listed = "".join(f"    {line}\n" for line in body)
    return f"void {name}({', '.join(parameters)}) {{\n    #pragma HLS INLINE\n{listed}}}\n"


def _elements(ports: Sequence[Port]) -> list[str]:
    return [f"{port.identifier}[{i}]" for port in ports for i in range(port.size)]


def _port_types(widths: Sequence[Width], ports: Sequence[Port]) -> tuple[str, ...]:
    """Return the type of each port's elements, which holds the values of all of them."""
    return tuple(_type(_union(widths[place])) for place in slices(ports))


def _union(widths: Sequence[Width]) -> Width:
    live = [width for width in widths if width.bits > 0]
    if not live:
        return Width(sign=0, fraction=0, bits=0)
    sign, fraction = max(w.sign for w in live), max(w.fraction for w in live)
    whole = max(w.bits - w.sign - w.fraction for w in live)
    return Width(sign=sign, fraction=fraction, bits=sign + whole + fraction)


def _width_of_output(graph: DaGraph, index: int) -> Width:
    return dais.width_of(graph.out_qint[index])


def _type(width: Width) -> str:
    """Return the type of a width; no bits at all is a bit that is always 0."""
    if width.bits <= 0:
        return "ap_ufixed<1,1>"
    return f"ap_{'' if width.sign else 'u'}fixed<{width.bits},{width.bits - width.fraction}>"


def _shifted(index: int, shift: int) -> str:
    return f"bit_shift<{shift}>(v{index})" if shift else f"v{index}"


def _sign(op: Operation) -> str:
    return "-" if op.opcode < 0 else ""
