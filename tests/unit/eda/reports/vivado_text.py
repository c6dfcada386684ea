"""Vivado reports in the layout of the tool, made for tests; the figures are ours."""

RULE = "-" * 96
TIMING_HEAD = (
    "    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)"
    "  THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints"
    "  TPWS Total Endpoints  "
)
CLOCK_HEAD = "Clock   Waveform(ns)       Period(ns)      Frequency(MHz)"


def box(**entries):
    rule = "-" * 120
    lines = [f"| {name.replace('_', ' '):12} : {words}" for name, words in entries.items() if words]
    return ["Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.", rule, *lines, rule, ""]


def chapter(title, *lines):
    return [RULE, f"| {title}", f"| {'-' * len(title)}", RULE, "", *lines, "", ""]


def dashes(head):
    return "".join("-" if letter != " " else " " for letter in head.replace(" End", "_End"))


def timing(
    *,
    row="      0.269        0.000                      0                 3362        0.042        "
    "0.000                      0                 3362        1.958        0.000"
    "                       0                  1513  ",
    clocks=("ap_clk  {0.000 2.500}      5.000           200.000         ",),
    state=None,
    net="net (fo=2, routed)           0.227     1.390    tagger/sum[9]",
    version="2022.2",
):
    """A timing summary; ``state`` is on top of those of new versions only."""
    lines = box(
        Tool_Version=f"Vivado v.{version} (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022",
        Command="report_timing_summary -file post_route_timing.rpt",
        Design="jetmix_tagger",
        Device="xcvu13p-flga2577",
        Speed_File="-2  PRODUCTION 1.28 12-02-2021",
        Design_State=state,
    )
    lines += ["Timing Summary Report", ""]
    lines += chapter("Timer Settings", "  Enable Multi Corner Analysis               :  Yes")
    lines += chapter("Design Timing Summary", TIMING_HEAD, dashes(TIMING_HEAD), row)
    lines += chapter("Clock Summary", CLOCK_HEAD, dashes(CLOCK_HEAD), *clocks)
    lines += chapter("Timing Details", f"                         {net}" if net else "")
    return "\n".join(lines)


def site_table(*rows, prohibited=True):
    """A table of site types; a row is (label, used, available)."""
    head = ["Site Type", "Used", "Fixed", *(["Prohibited"] if prohibited else []), "Available"]
    cells = [[*head, "Util%"]]
    for label, used, available in rows:
        rest = ["0", *(["0"] if prohibited else []), str(available), "0.10"]
        cells.append([label, str(used), *rest])
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "|" + "|".join(f" {cell:<{width}} " for cell, width in zip(row, widths, strict=True)) + "|"
        for row in cells
    ]
    return [rule, lines[0], rule, *lines[1:], rule]


def utilization(sections, *, state="Routed", device="xcvu13p-flga2577-2-e", version="2022.2"):
    """A utilization report; ``sections`` maps titles to the lines of their tables."""
    lines = box(
        Tool_Version=f"Vivado v.{version} (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022",
        Command="report_utilization -file post_route_utilization.rpt",
        Design="jetmix_tagger",
        Device=device,
        Design_State=state,
    )
    titles = [f"{number}. {title}" for number, title in enumerate(sections, start=1)]
    lines += ["Utilization Design Information", "", "Table of Contents", "-----------------"]
    lines += [*titles, ""]
    for title, table in zip(titles, sections.values(), strict=True):
        lines += [title, "-" * len(title), "", *table, "", ""]
    return "\n".join(lines)
