"""The top module of a folded tagger: its sections, and what lies between them."""

from math import ceil, log2, prod

import numpy as np

from jetmix.firmware.folding.machine import Link, Machine, SectionRecord, permutation
from jetmix.firmware.folding.turns import Step, steps_of
from jetmix.firmware.folding.wires import Packed, in_bits, joined
from jetmix.firmware.project import fill
from jetmix.support.arrays import Ints
from jetmix.support.packaged import shipped

MODULES = "firmware_templates/folded_modules"
TOP_FILE = "tagger.sv"


class TopModule:
    """Writes the top module of a machine.

    Args:
        machine: the machine.
        top: name of the tagger.
        parallel: whether all beats come at once.
    """

    def __init__(self, machine: Machine, top: str, *, parallel: bool) -> None:
        self.machine, self.folding, self.top = machine, machine.folding, top
        self.parallel = parallel
        self.graphs = dict(
            zip((s.name for s in self.folding.sections), machine.graphs, strict=True)
        )
        self.lines: list[str] = []

    def text(self) -> str:
        """Return the module."""
        for section in self.folding.sections:
            self._section(section)
        last = self.folding.sections[-1]
        values = {
            "TOP": self.top,
            "FOLD": self.folding.fold,
            "SUMMARY": "What lies between the pipelines is in the files beside this one.",
            "INPUT_BITS": Packed(signal="", kifs=self.input_kifs).bits,
            "OUTPUT_BITS": Packed(signal="", kifs=self.output_kifs).bits,
            "CLOCKS": last.ends,
            "BODY": "\n".join(self.lines),
            "LAST": last.name,
        }
        return fill(shipped(f"{MODULES}/{TOP_FILE}"), values)

    @property
    def beat_kifs(self) -> Ints:
        """Bits of the elements of one beat of the input, (3, element)."""
        elements = prod(self.folding.input_shape) // self.folding.fold
        found: Ints = np.asarray(self.machine.graphs[0].inp_kifs, np.int64)[:, :elements]
        return found

    @property
    def input_kifs(self) -> Ints:
        """Bits of the elements of the input port, (3, element)."""
        return np.tile(self.beat_kifs, self.folding.fold if self.parallel else 1)

    @property
    def output_kifs(self) -> Ints:
        """Bits of the elements of the output port, (3, element)."""
        return np.asarray(self.machine.graphs[-1].out_kifs, np.int64)

    def _add(self, *lines: str) -> None:
        self.lines += [f"    {line}" if line else "" for line in lines]

    def _instance(self, module: str, name: str, parameters: dict[str, int], **ports: str) -> None:
        # only what has no registers has no clock
        clock = {} if module == "fold_swap" else {"clk": "clk"}
        wired = [f".{port}({signal})" for port, signal in {**clock, **ports}.items()]
        given = [f".{key}({value})" for key, value in parameters.items()]
        parameters_text = f"#({', '.join(given)}) " if given else ""
        self._add(f"{self.top}_{module} {parameters_text}{name} (")
        self._add(*(f"    {port}," for port in wired[:-1]), f"    {wired[-1]}", ");")

    def _declare(self, name: str, bits: int) -> None:
        self._add(f"logic [{bits - 1}:0] {name};")

    def _section(self, section: SectionRecord) -> None:
        """Add a pipeline and the links into it."""
        graph = self.graphs[section.name]
        taken = np.asarray(graph.inp_kifs, np.int64)
        parts: list[str] = []
        if section is self.folding.sections[0]:
            parts += in_bits(self._beat(), self.beat_kifs)
        for link in self.folding.into(section):
            given = self._link(link)
            count = given.kifs.shape[1]
            parts += in_bits(given, taken[:, link.target_first : link.target_first + count])
        over = {"jet": "once per jet"}.get(section.domain, f"over {section.domain}")
        self._add(
            "",
            f"// {', '.join(section.layers) or 'inputs'}: {over}, from clock {section.begins} on",
        )
        name = section.name
        self._declare(f"{name}_inp", Packed(signal="", kifs=taken).bits)
        self._declare(f"{name}_out", Packed(signal="", kifs=np.asarray(graph.out_kifs)).bits)
        self._add(f"assign {name}_inp = {joined(parts)};")
        self._instance(
            name, f"{name}_pipeline", {}, model_inp=f"{name}_inp", model_out=f"{name}_out"
        )

    def _beat(self) -> Packed:
        """Return one beat of the input."""
        kifs = self.beat_kifs
        if not self.parallel:
            return Packed(signal="model_inp", kifs=kifs)
        bits = Packed(signal="", kifs=kifs).bits
        self._add("", "// all particles come at once and go on beat by beat")
        self._declare("beat", bits)
        self._instance(
            "fold_send", "send_beats", {"WIDTH": bits, "FOLD": self.folding.fold},
            rst="rst", load="at[0]", all="model_inp", beat="beat",
        )  # fmt: skip
        return Packed(signal="beat", kifs=kifs)

    def _link(self, link: Link) -> Packed:
        """Add what lies on the way of a value, and return it as it arrives."""
        folding = self.folding
        source = folding.section(link.source)
        count = prod(folding.beat_shape(link, source.domain))
        kifs = np.asarray(self.graphs[link.source].out_kifs, np.int64)
        given = Packed(signal=f"{link.source}_out", kifs=kifs).part(link.source_first, count)
        if not given.bits:
            return given
        self._add("", f"// {link.name}: {_WORDS[link.kind]}")
        if link.kind == "hold":
            return self._hold(link, self._delay(link, given), source)
        ways = {"delay": self._as_it_is, "turn": self._turn, "collect": self._collect,
                "sum": self._sum}  # fmt: skip
        return self._delay(link, ways[link.kind](link, given, source))

    def _delay(self, link: Link, given: Packed) -> Packed:
        if not link.waits:
            return given
        name = f"{link.name}_later"
        self._declare(name, given.bits)
        parameters = {"WIDTH": given.bits, "CLOCKS": link.waits}
        self._instance("fold_delay", f"{name}_delay", parameters, value=given.whole, delayed=name)
        return Packed(signal=name, kifs=given.kifs)

    def _hold(self, link: Link, given: Packed, source: SectionRecord) -> Packed:
        name = f"{link.name}_held"
        self._declare(name, given.bits)
        load = f"at[{source.ends + link.waits}]"
        self._instance(
            "fold_hold", f"{name}_register", {"WIDTH": given.bits}, load=load, value=given.whole,
            held=name,
        )  # fmt: skip
        return Packed(signal=name, kifs=given.kifs)

    def _as_it_is(self, _: Link, given: Packed, __: SectionRecord) -> Packed:
        return given

    def _turn(self, link: Link, given: Packed, source: SectionRecord) -> Packed:
        one = np.array([int(link.signed), link.bits - link.signed - link.fraction, link.fraction])
        kifs: Ints = np.tile(one[:, None], given.kifs.shape[1])
        lanes = f"{link.name}_given"
        self._declare(lanes, kifs.shape[1] * link.bits)
        self._add(f"assign {lanes} = {joined(in_bits(given, kifs))};")
        # a beat of particles has its channels in lanes; one of channels is in lanes of particles
        fold, (particles, channels) = self.folding.fold, link.shape
        swap = {"WIDTH": channels // fold * link.bits}
        if source.domain == "particles":
            sizes = {"ROWS": particles // fold, "COLUMNS": fold}
            lanes = self._swapped(f"{link.name}_lanes", lanes, {**swap, **sizes})
        clock = source.ends
        for step in steps_of(fold):
            lanes = self._stepped(f"{link.name}_by_{step.apart}", lanes, link, step, clock)
            clock += step.clocks
        if source.domain == "channels":
            sizes = {"ROWS": fold, "COLUMNS": particles // fold}
            lanes = self._swapped(f"{link.name}_turned", lanes, {**swap, **sizes})
        return Packed(signal=lanes, kifs=kifs)

    def _swapped(self, name: str, given: str, parameters: dict[str, int]) -> str:
        self._declare(name, prod(parameters.values()))
        self._instance("fold_swap", f"{name}_wires", parameters, given=given, swapped=name)
        return name

    def _stepped(self, name: str, given: str, link: Link, step: Step, clock: int) -> str:
        fold = self.folding.fold
        width = prod(link.shape) // fold**2 * link.bits
        self._declare(name, fold * width)
        parameters = {"WIDTH": width, "LANES": fold, "RADIX": step.radix, "APART": step.apart}
        self._instance("fold_turn_step", f"{name}_step", parameters, next_start=f"at[{clock - 1}]",
                       given=given, turned=name)  # fmt: skip
        return name

    def _collect(self, link: Link, given: Packed, source: SectionRecord) -> Packed:
        name, fold = f"{link.name}_all", self.folding.fold
        self._declare(name, fold * given.bits)
        self._instance("fold_collect", f"{link.name}_collect", {"WIDTH": given.bits, "FOLD": fold},
                       beat=given.whole, all=name)  # fmt: skip
        found = Packed(signal=name, kifs=np.tile(given.kifs, fold))
        order = permutation(self.folding, link, source.domain, "jet")
        return found if order == sorted(order) else self._ordered(link, found, order)

    def _ordered(self, link: Link, given: Packed, order: list[int]) -> Packed:
        name = f"{link.name}_ordered"
        self._declare(name, given.bits)
        parts = [given.part(n, 1) for n in order]
        self._add(f"assign {name} = {joined([part.whole for part in parts if part.bits])};")
        return Packed(signal=name, kifs=given.kifs[:, order])

    def _sum(self, link: Link, given: Packed, source: SectionRecord) -> Packed:
        name, more = f"{link.name}_total", ceil(log2(self.folding.fold))
        live = given.widths > 0
        kifs: Ints = given.kifs + np.array([[0], [more], [0]]) * live
        total = Packed(signal=name, kifs=kifs)
        self._declare(name, total.bits)
        for n in np.flatnonzero(live):
            part, whole = given.part(int(n), 1), total.part(int(n), 1)
            parameters = {"IN": part.bits, "OUT": whole.bits, "SIGNED": int(part.kifs[0, 0])}
            self._instance(
                "fold_sum", f"{link.name}_sum_{n}", parameters, first=f"at[{source.ends}]",
                part=part.whole, total=whole.whole,
            )  # fmt: skip
        return total


_WORDS = {
    "delay": "waits for what it is taken with",
    "turn": "waits for its whole jet, and turns",
    "collect": "waits for its whole jet",
    "sum": "is added up over the beats of its jet",
    "hold": "stays for all beats of its jet",
}
