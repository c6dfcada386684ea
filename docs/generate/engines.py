"""Makes docs/engines.md from the lines of benchmarks/engines.py.

python benchmarks/engines.py docs/generate/engines.jsonl MODEL...
python docs/generate/engines.py
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pages import filled

from jetmix.resources.lut import per_adder_cost, per_table_cost
from jetmix.support.files import write_text

HERE = Path(__file__).parent
LINES = HERE / "engines.jsonl"
# published models, by file, in the order of the table
PUBLISHED = {
    "mlp_openml_acc75.86.h5": "MLP, OpenML, 75.86%",
    "mlp_openml_acc76.86.h5": "MLP, OpenML, 76.86%",
    "mlp_cernbox_acc75.16.keras": "MLP, CERNBox, 75.16%",
    "mixer_64x16_acc77.26.h5": "Mixer, 64 x 16, 77.26%",
    "mixer_64x16_acc81.39.h5": "Mixer, 64 x 16, 81.39%",
    "gnn_32x16_acc79.83.keras": "GNN, 32 x 16, 79.83%",
    "gnn_32x3_acc79.18.keras": "GNN, 32 x 3, 79.18%",
    "mlp_lut_openml_val76.1.keras": "MLP of LUT layers, OpenML, 76.1%",
    "mlp_lut_openml_val77.0.keras": "MLP of LUT layers, OpenML, 77.0%",
    "mlp_lut_cernbox_val75.4.keras": "MLP of LUT layers, CERNBox, 75.4%",
    "gnn_lut_32x3_val78.7.keras": "GNN of LUT layers, 32 x 3, 78.7%",
    "linformer_8x3.keras": "Linformer, 8 x 3",
    "mha_8x3.keras": "Multi-head attention, 8 x 3",
    "muon_tgc_ebops32445.keras": "Muon tracker",
}
HEAD = ("Model", "Engine", "ir", "rtl", "Cost", "Operations", "Yosys LUT", "Stages", "s", "MB")

Line = dict[str, object]


def read(path: Path = LINES) -> dict[tuple[str, str], Line]:
    """Return the lines by model and engine."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(line["model"], line["engine"]): line for line in lines}


def exact(line: Line, level: str) -> str:
    """Return whether a level was exact, where it ran."""
    if f"{level}_wrong" not in line:
        return "not run"
    wrong = line[f"{level}_wrong"]
    return "exact" if wrong == 0 else f"{wrong} of {line['vectors']} differ"


def row(title: str, line: Line) -> list[str]:
    """Return one row of a table."""
    lut = line.get("yosys_lut")
    return [
        title,
        str(line["engine"]),
        exact(line, "ir"),
        exact(line, "rtl"),
        f"{line['cost']:,.0f}",
        f"{line['operations']:,}",
        f"{lut:,}" if lut is not None else "not run",
        str(line["stages"]),
        f"{line['seconds']:.0f}",
        f"{line['peak_mb']:,}" if "peak_mb" in line else "",
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, words left and numbers right."""
    rule = ["---" if place < 4 else "---:" for place in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def refusals(lines: dict[tuple[str, str], Line], cases: Sequence[str]) -> str:
    """Return one line per model that an engine cannot lower."""
    rows = [
        f"- `{name.split('.')[0]}`, {by}: {line['error']}"
        for (name, by), line in lines.items()
        if name in cases and "cost" not in line
    ]
    return "\n".join(rows)


def both(lines: dict[tuple[str, str], Line], key: str, *, tables: bool) -> np.ndarray:
    """Return alkaid's figure over da4ml's for every model with or without lookup tables."""
    names = sorted(
        {name for (name, _), line in lines.items() if (line.get("tables", -1) > 0) == tables}
    )
    names = [name for name in names if "tables" in lines.get((name, "da4ml"), {})]
    pairs = [(lines.get((n, "alkaid"), {}), lines.get((n, "da4ml"), {})) for n in names]
    return np.array([a[key] / d[key] for a, d in pairs if a.get(key) and d.get(key)])


def ratios_of(ratios: np.ndarray) -> str:
    """Return the median and the ends of ratios, and how many there are."""
    if not len(ratios):
        return "not measured"
    median, low, high = (100 * (end - 1) for end in (np.median(ratios), ratios.min(), ratios.max()))
    return f"{median:+.0f}% ({low:+.0f}% to {high:+.0f}%, {len(ratios)} models)"


def page() -> str:
    """Return the page, every number filled in."""
    lines = read()
    cases = [name for name in dict.fromkeys(name for name, _ in lines) if name not in PUBLISHED]
    ordered = [*PUBLISHED, *cases]
    rows = {
        kind: [
            row(PUBLISHED.get(name, f"`{name.split('.')[0]}`"), lines[name, by])
            for name in names
            for by in ("da4ml", "alkaid")
            if "cost" in lines.get((name, by), {})
        ]
        for kind, names in (("published", PUBLISHED), ("cases", cases))
    }
    found = {
        f"{key}_{kind}": ratios_of(both(lines, field, tables=kind == "TABLES"))
        for key, field in (("LUT", "yosys_lut"), ("COST", "cost"))
        for kind in ("SUMS", "TABLES")
    }
    exact_by = {
        by: [
            name
            for name in ordered
            if "cost" in (line := lines.get((name, by), {}))
            and not line.get("ir_wrong")
            and not line.get("rtl_wrong")
        ]
        for by in ("da4ml", "alkaid")
    }
    values = {
        "PUBLISHED": table(HEAD, rows["published"]),
        "CASES": table(HEAD, rows["cases"]),
        "REFUSED": refusals(lines, cases),
        **found,
        "N_DA4ML": len(exact_by["da4ml"]),
        "N_ALKAID": len(exact_by["alkaid"]),
        "N_ALL": len({name for name, _ in lines}),
        "SUMS_DA4ML": f"{per_adder_cost('da4ml').value:.3f}",
        "SUMS_ALKAID": f"{per_adder_cost('alkaid').value:.3f}",
        "TABLES_DA4ML": f"{per_table_cost('da4ml').value:.2f}",
        "TABLES_ALKAID": f"{per_table_cost('alkaid').value:.2f}",
    }
    return filled(HERE / "engines.md.in", values)


if __name__ == "__main__":
    write_text(HERE.parent / "engines.md", page())
