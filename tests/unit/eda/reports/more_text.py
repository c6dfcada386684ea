"""Reports in the layout of the tools, made for tests; the figures are ours."""

from tests.unit.eda.reports.vivado_text import box


def cosim(*rows, total=True):
    """A co-simulation report; a row is (language, status, six cycles or NA, total)."""
    wide = "-" * 47
    rules = ["-" * 10, "-" * 10, wide, wide, *(["-" * 22] if total else [])]
    rule = "+" + "+".join(rules) + "+"
    units = "(Clock Cycles)" if total else ""
    tops = ["", "", f"Latency{units}", f"Interval{units}", *(["Total Execution Time"] * total)]
    middle = f"+   RTL    +  Status  +{wide}+{wide}+" + ("    (Clock Cycles)    +" * total)
    names = ["min", "avg", "max"] * 2
    bottom = _row(["", "", *names, *([""] * total)])
    return "\n".join(
        [
            "Report time       : Tue Nov  3 04:18:01 CET 2026.",
            "Solution          : solution1.",
            "Simulation tool   : xsim.",
            "",
            rule,
            "|" + "|".join(t.center(len(r)) for t, r in zip(tops, rules, strict=True)) + "|",
            middle,
            bottom,
            rule,
            *(_row(row if total else row[:-1]) for row in rows),
            rule,
            "",
        ]
    )


def _row(cells):
    widths = [10, 10, *[15] * 6, 22]
    return "|" + "|".join(f"{c!s:>{w}}" for c, w in zip(cells, widths, strict=False)) + "|"


def table(*cells):
    """A boxed table with one heading row."""
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(cells[0]))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "|" + "|".join(f" {c!s:<{w}} " for c, w in zip(row, widths, strict=True)) + "|"
        for row in cells
    ]
    return [rule, lines[0], rule, *lines[1:], rule]


def _report(sign, sections, **entries):
    lines = box(
        Tool_Version="Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023",
        Design="jetmix_tagger",
        **entries,
    )
    lines += [sign, "", "Table of Contents", "-----------------", *sections, ""]
    for title, body in sections.items():
        lines += [title, "-" * len(title), "", *body, "", ""]
    return "\n".join(lines)


HIERARCHY = ("Instance", "Module", "Total LUTs", "Logic LUTs", "LUTRAMs", "SRLs", "FFs")


def hierarchy(*rows, dsp="DSP Blocks", uram=True, state="Synthesized"):
    """A hierarchical report; a row is (instance, module, LUT, logic, RAM, SRL, FF, ...)."""
    columns = (*HIERARCHY, "RAMB36", "RAMB18", *(["URAM"] if uram else []), dsp)
    return _report(
        "Utilization Design Information",
        {"1. Utilization by Hierarchy": table(columns, *rows)},
        Device="xcvu13p-flga2577-2-e",
        Design_State=state,
    )


def power(total="1.531", *, dynamic="1.393", static="0.138", level="Medium", overall=None):
    """A power report."""
    summary = [
        ("Total On-Chip Power (W)", total),
        ("Dynamic (W)", dynamic),
        ("Device Static (W)", static),
        ("Junction Temperature (C)", "42.7"),
        ("Confidence Level", level),
    ]
    rule, first, _, *rest = table(*summary)
    confidence = [("User Input Data", "Confidence"), ("Overall confidence level", overall or level)]
    return _report(
        "Power Report",
        {"1. Summary": [rule, first, *rest], "1.3 Confidence Level": table(*confidence)},
        Device="xcvu13p-flga2577-2-e",
        Design_State="routed",
    )
