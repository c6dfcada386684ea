"""Numbers and names as people read them, for command line and report alike.

What is not known is said, never shown as a zero.
"""

from jetmix.words.importing import cards, imported
from jetmix.words.numbers import (
    FIGURE_WORDS,
    UNKNOWN,
    UNSTATED,
    count,
    decimal,
    device,
    figure,
    gate,
    interval,
    origin,
    percent,
    source,
    spanned,
    yes_no,
)
from jetmix.words.resources import clock, ff, latency, latency_origin, lut, resource_lines
from jetmix.words.synthesis import budget_lines, hls_way, synthesis_lines, up_to_date
from jetmix.words.training import description, metrics, on_other_jets, simulated, trained
from jetmix.words.verification import (
    VECTOR_WORDS,
    compared,
    exactness,
    exceeded,
    fault_line,
    level_line,
    proof_lines,
    reference,
    rung,
    vectors,
)

__all__ = [
    "FIGURE_WORDS",
    "UNKNOWN",
    "UNSTATED",
    "VECTOR_WORDS",
    "budget_lines",
    "cards",
    "clock",
    "compared",
    "count",
    "decimal",
    "description",
    "device",
    "exactness",
    "exceeded",
    "fault_line",
    "ff",
    "figure",
    "gate",
    "hls_way",
    "imported",
    "interval",
    "latency",
    "latency_origin",
    "level_line",
    "lut",
    "metrics",
    "on_other_jets",
    "origin",
    "percent",
    "proof_lines",
    "reference",
    "resource_lines",
    "rung",
    "simulated",
    "source",
    "spanned",
    "synthesis_lines",
    "trained",
    "up_to_date",
    "vectors",
    "yes_no",
]
