"""Numbers and names as people read them; what is not known is said, never a zero."""

from collections.abc import Sequence

from jetmix.resources.report import ResourceReport
from jetmix.verification.result import VerificationResult

UNKNOWN = "\u2014"
ORIGIN_WORDS = {
    "estimate": "estimate",
    "yosys": "Yosys synthesis",
    "csynth": "HLS estimate (csynth)",
    "post-synthesis": "post-synthesis",
    "post-route": "post-route",
    "unstated": "not stated",
}
LEVEL_WORDS = {
    "ir": "DA intermediate form",
    "csim": "C simulation",
    "rtl": "RTL simulation",
    "netlist": "netlist simulation",
}

VECTOR_WORDS = {
    "jet": "jets",
    "rare-jet": "rare jets",
    "extreme": "vectors at the ends of internal ranges",
    "corner": "corner cases",
    "random": "random vectors",
    "beyond-range": "vectors beyond the range",
}


def count(value: float | None) -> str:
    """Return a whole number with thousands marked."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed number of decimals."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, error: float | None = None) -> str:
    """Return a share between 0 and 1 in per cent, with its error."""
    if share is None:
        return UNKNOWN
    return f"{100 * share:.2f}%" if error is None else f"{100 * share:.2f} ± {100 * error:.2f}%"


def yes_no(value: bool | None) -> str:
    """Return yes, no or the sign for not known."""
    return UNKNOWN if value is None else "yes" if value else "no"


def gate(value: float | None) -> str:
    """Return a pT gate."""
    return UNKNOWN if value is None else "none" if value == 0 else f"{value:g} GeV"


def lut(report: ResourceReport | None) -> str:
    """Return LUT with its 90% interval, where there is one."""
    return _spanned(report.lut, report.lut_low, report.lut_high) if report else UNKNOWN


def ff(report: ResourceReport | None) -> str:
    """Return FF with its 90% interval, where there is one."""
    return _spanned(report.ff, report.ff_low, report.ff_high) if report else UNKNOWN


def _spanned(value: float | None, low: float | None, high: float | None) -> str:
    span = "" if low is None or high is None else f" (90%: {count(low)} to {count(high)})"
    return UNKNOWN if value is None else count(value) + span


def latency(report: ResourceReport | None) -> str:
    """Return latency in cycles and ns, saying which clock the ns are of."""
    if report is None or report.latency_cycles is None:
        return UNKNOWN
    low = report.latency_min_cycles
    spread = f"{low} to " if low is not None and low != report.latency_cycles else ""
    cycles = f"{spread}{report.latency_cycles} cycles"
    if report.latency_ns is None:
        return cycles
    # HLS states its latency at the target clock, and so does ResourceReport
    achieved = None if report.origin == "csynth" else report.clock_achieved_ns
    clock = _achieved(report) if achieved else f"{report.clock_target_ns:g} ns (target clock)"
    return f"{cycles}, {decimal(report.latency_ns)} ns at {clock}"


def _achieved(report: ResourceReport) -> str:
    word = "expected" if report.origin == "estimate" else "achieved"
    low, high = report.clock_achieved_low_ns, report.clock_achieved_high_ns
    span = "" if low is None or high is None else f", 90%: {low:g} to {high:g}"
    return f"{report.clock_achieved_ns:g} ns ({word} clock{span})"


def source(name: str) -> str:
    """Return the title of a level or origin."""
    return LEVEL_WORDS.get(name) or ORIGIN_WORDS[name]


def latency_origin(report: ResourceReport) -> str:
    """Return where a report's cycles come from, which need not be the tool that counted LUT."""
    if report.origin == "yosys":
        return "estimate: Yosys times no pipeline"
    cycles = (report.note or "").split(";")[0]
    origin = ORIGIN_WORDS[report.origin]
    return f"{origin}, {cycles}" if cycles.startswith("cycles from") else origin


def compared(result: VerificationResult) -> str:
    """Return how many vectors a level was compared on, jets apart from made-up ones."""
    jets = result.vectors.get("jet", 0)
    others = result.n_vectors - jets
    if not jets:
        return f"{count(others)} vectors that are no jets"
    return f"{count(jets)} jets" + (f" and {count(others)} other vectors" if others else "")


def rung(result: VerificationResult) -> str:
    """Return the outcome of one level of the ladder."""
    level = LEVEL_WORDS[result.candidate]
    if result.status == "passed":
        return f"{level}: bit-exact on {compared(result)}"
    if result.status == "failed" and not result.n_mismatch:
        return f"{level} {result.difference}"
    if result.status == "failed":
        return f"{level}: {count(result.n_mismatch)} of {compared(result)} differ"
    return f"{level}: not run"


def exactness(results: Sequence[VerificationResult]) -> str:
    """Return the levels that were run in one line; a level that was not run is not counted.

    Levels that are exact on the same vectors are told together.
    """
    exact: dict[str, list[str]] = {}
    for result in results:
        if result.status == "passed":
            exact.setdefault(compared(result), []).append(LEVEL_WORDS[result.candidate])
    told = [rung(result) for result in results if result.status == "failed"]
    told += [f"{_listed(names)}: bit-exact on {vectors}" for vectors, names in exact.items()]
    return "; ".join(told) if told else "not verified"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
