"""The inputs and outputs of models that have several of one or the other."""

from collections.abc import Sequence

from jetmix import words
from jetmix.models.signature import Port
from jetmix.report.render.model import Cell, Mark, Row, Table, columns, number, per_tagger, text
from jetmix.report.tagger import Tagger

NOTE = (
    "Bits: width in the ports of the Verilog, where all inputs and all outputs lie packed; each "
    "output is compared with Keras by itself."
)


def ports(taggers: Sequence[Tagger]) -> Table:
    """Return the table, one row per input and output; a model with one of each has no rows."""
    titles = ("Port", "Name", "Shape", "Bits", "Bit-exact")
    return Table(
        name="ports",
        caption="Inputs and outputs of the model",
        columns=columns(*titles, numeric=("Bits",)),
        groups=per_tagger(taggers, [_rows(tagger) for tagger in taggers]),
        note=NOTE,
    )


def _rows(tagger: Tagger) -> list[Row]:
    known = tagger.ports
    if known is None or len(known.inputs) == len(known.outputs) == 1:
        return []
    rows = [_row(tagger, "input", port, text("")) for port in known.inputs]
    return rows + [_row(tagger, "output", port, _exactness(tagger, port)) for port in known.outputs]


def _row(tagger: Tagger, kind: str, port: Port, exactness: Cell) -> Row:
    bits = {place.identifier: place.bits for place in tagger.placed}
    return (
        text(kind),
        text(port.name),
        text(port.shown_shape),
        number(bits.get(port.identifier)),
        exactness,
    )


def _exactness(tagger: Tagger, port: Port) -> Cell:
    """Return how often an output differs at each level; the only output is that of the level."""
    found: list[str] = []
    mark: Mark = "good"
    for result in tagger.verification:
        if result.status == "not-run":
            continue
        own = [head.n_mismatch for head in result.heads if head.name == port.name]
        differing = own[0] if own else result.n_mismatch
        mark = "bad" if differing else mark
        shares = f"{words.count(differing)} of {words.count(result.n_vectors)}"
        found.append(f"{words.source(result.candidate)}: {shares} differ")
    return text(", ".join(found) or words.UNKNOWN, mark=mark if found else "unknown")
