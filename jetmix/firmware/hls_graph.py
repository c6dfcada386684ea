"""A graph as C++ for Vitis HLS: every operation one line on the bits of its values.

Ports are fixed-point numbers and all between them are integers, for which a compiler takes a
fraction of the time. The lines stand in functions of limited length, since compilers take more than
proportionally longer for long ones; HLS inlines them all again.
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

// the bits of a value
template <int w, int i> ap_int<w> word(const ap_fixed<w, i> &value) {
    #pragma HLS INLINE
    return value.range();
}

template <int w, int i> ap_uint<w> word(const ap_ufixed<w, i> &value) {
    #pragma HLS INLINE
    return value.range();
}

// more bits to the right
template <int s, int w> ap_int<w + s> shl(const ap_int<w> &value) {
    #pragma HLS INLINE
    return ap_int<w + s>(value) << s;
}

template <int s, int w> ap_uint<w + s> shl(const ap_uint<w> &value) {
    #pragma HLS INLINE
    return ap_uint<w + s>(value) << s;
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
        ends = [dais.width_of(grid) for grid in graph.out_qint]
        widths = _port_widths([dais.width_of(grid) for grid in graph.inp_qint], inputs)
        elements = [
            (element, width)
            for port, width in zip(inputs, widths, strict=True)
            for element in _elements([port])
        ]
        lines = _Lines(graph, elements)
        input_types = tuple(map(fixed, widths))
        output_types = tuple(map(fixed, _port_widths(ends, outputs)))
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

    def __init__(self, graph: DaGraph, elements: Sequence[tuple[str, Width]]) -> None:
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
        return _word(self.widths[index])

    def value(self, index: int) -> str:
        """Return the line that declares an operation's result."""
        # no bits at all are always 0, whatever they are made from
        value = self._expression(index) if self.widths[index].bits > 0 else "0"
        return f"{self.type_of(index)} v{index} = {value};"

    def outputs(self, elements: Sequence[str], widths: Sequence[Width]) -> list[str]:
        """Return the lines that write the outputs."""
        graph, lines = self.graph, []
        for i, (element, source) in enumerate(zip(elements, graph.out_idxs, strict=True)):
            value = "0"
            if source >= 0:
                up = widths[i].fraction - self.widths[source].fraction + int(graph.out_shifts[i])
                value = _moved(f"v{source}", up, "-" if graph.out_negs[i] else "")
            lines.append(f"{element} = bits<{fixed(widths[i])}>({value});")
        return lines

    def _expression(self, index: int) -> str:
        op, width = self.graph.ops[index], self.widths[index]
        if op.opcode == dais.COPY_INPUT:
            element, port = self.elements[op.id0]
            return _moved(f"word({element})", width.fraction - port.fraction)
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

    def _up(self, width: Width, source: int, shift: int = 0) -> int:
        """Return the left shift in bits that brings a shifted source to the LSB of a width."""
        return width.fraction - self.widths[source].fraction + shift

    def _sum(self, op: Operation, width: Width) -> str:
        first = self._up(width, op.id0)
        second = self._up(width, op.id1, int(op.data))
        # bits below the result's grid are cut off after the sum
        low = min(first, second, 0)
        sign = "-" if op.opcode == dais.SUBTRACT else "+"
        terms = _moved(f"v{op.id0}", first - low), _moved(f"v{op.id1}", second - low)
        return _moved(f"{terms[0]} {sign} {terms[1]}", low)

    def _relu(self, op: Operation, width: Width) -> str:
        kind, sign = _word(width), _sign(op)
        taken = _moved(f"v{op.id0}", self._up(width, op.id0), sign)
        return f"v{op.id0} {'<' if sign else '>'} 0 ? {kind}({taken}) : {kind}(0)"

    def _quantised(self, op: Operation, width: Width) -> str:
        return _moved(f"v{op.id0}", self._up(width, op.id0, dais.shift_of(op)), _sign(op))

    def _raised(self, op: Operation, width: Width) -> str:
        magnitude = abs(int(op.data))
        value = _moved(f"v{op.id0}", self._up(width, op.id0))
        return f"{value} {'-' if op.data < 0 else '+'} {_unsigned(magnitude)}"

    def _constant(self, op: Operation, width: Width) -> str:
        return f"{int(op.data)}LL"

    def _product(self, op: Operation, width: Width) -> str:
        up = width.fraction - self.widths[op.id0].fraction - self.widths[op.id1].fraction
        if up > 0:
            return f"{_word(width)}(v{op.id0} * v{op.id1}) << {up}"
        return _moved(f"v{op.id0} * v{op.id1}", up)

    def _choice(self, op: Operation, width: Width) -> str:
        choice, kind = dais.choice_of(op), _word(width)
        top = max(self.widths[choice.chooser].bits - 1, 0)
        first = _moved(f"v{op.id0}", self._up(width, op.id0))
        second = _moved(f"v{op.id1}", self._up(width, op.id1, choice.shift), _sign(op))
        return f"v{choice.chooser}[{top}] ? {kind}({first}) : {kind}({second})"

    def _looked_up(self, op: Operation, _: Width) -> str:
        key = max(self.widths[op.id0].bits, 1)
        return f"{self._table(op)}[ap_uint<{key}>(v{op.id0})]"

    def _bit_pair(self, op: Operation, width: Width) -> str:
        pair, kind = dais.bit_pair_of(op), _word(width)
        up = self._up(self.widths[op.id0], op.id1, pair.shift)
        signs = ["-" if negated else "" for negated in pair.negated]
        first = _moved(f"v{op.id0}", max(-up, 0), signs[0])
        second = _moved(f"v{op.id1}", max(up, 0), signs[1])
        action = {dais.AND: "&", dais.OR: "|", dais.XOR: "^"}[pair.action]
        return f"{kind}({first}) {action} {kind}({second})"

    def _bit_unary(self, op: Operation, width: Width) -> str:
        key = max(dais.width_of(self.graph.ops[op.id0].qint, negated=op.opcode < 0).bits, 1)
        value = f"{_sign(op)}v{op.id0}"
        if op.data == dais.ANY:
            return f"{value} != 0"
        if op.data == dais.ALL:
            return f"~ap_uint<{key}>({value}) == 0"
        return f"~ap_int<{key + 1}>({value})" if width.sign else f"~ap_uint<{key}>({value})"

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


def _port_widths(widths: Sequence[Width], ports: Sequence[Port]) -> list[Width]:
    """Return the width of each port's elements, which holds the values of all of them."""
    return [union(widths[place]) for place in slices(ports)]


def union(widths: Sequence[Width]) -> Width:
    """Return the narrowest width that holds the values of all of these."""
    live = [width for width in widths if width.bits > 0]
    if not live:
        return Width(sign=0, fraction=0, bits=1)
    sign, fraction = max(w.sign for w in live), max(w.fraction for w in live)
    whole = max(w.bits - w.sign - w.fraction for w in live)
    return Width(sign=sign, fraction=fraction, bits=sign + whole + fraction)


def fixed(width: Width) -> str:
    """Return the fixed-point type of a width; no bits at all is a bit that is always 0."""
    if width.bits <= 0:
        return "ap_ufixed<1,1>"
    return f"ap_{'' if width.sign else 'u'}fixed<{width.bits},{width.bits - width.fraction}>"


def _word(width: Width) -> str:
    """Return the type of the bits of a width."""
    return f"ap_{'' if width.sign else 'u'}int<{max(width.bits, 1)}>"


def _unsigned(value: int) -> str:
    return f"ap_uint<{max(value.bit_length(), 1)}>({value}LL)"


def _moved(value: str, up: int, sign: str = "") -> str:
    """Return a value moved up, or down: then bits are cut off, after a change of sign."""
    if up > 0:
        return f"{sign}shl<{up}>({value})"
    value = f"{sign}{value}"
    return f"(({value}) >> {-up})" if up < 0 else value


def _sign(op: Operation) -> str:
    return "-" if op.opcode < 0 else ""
