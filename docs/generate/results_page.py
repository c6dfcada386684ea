"""Makes docs/results.md from results.json and results.md.in."""

import math
from pathlib import Path
from typing import Any

from pages import filled
from sweeps import sections

PAGE = Path(__file__).with_name("results.md.in")
PAPER_EPOCHS, PAPER_JETS = 7000, 558_000  # schedule of the published code, see the presets
SIXTEEN = (
    "mixer-16", "mixer-16-uniform", "gnn-16", "deepsets-16", "mlp-16", "hlf-mlp", "hlf-mlp-qkeras",
)  # fmt: skip
SIZES = ("mixer-8", "mixer-16", "mixer-32", "mixer-64")
MIXER = "mixer-16"
REAL = ("mixer-32x3-float", "mixer-32x3")
SIGMAS = 2.0
NOT_TRAINED = "not trained"
Figures = dict[str, Any]
Titles = dict[str, tuple[str, str]]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; all columns but the first are right-aligned."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def percent(point: Figures) -> str:
    """Return a test accuracy with its statistical error."""
    return f"{100 * point['accuracy']:.2f} ± {100 * point['accuracy_error']:.2f}"


def minutes(run: Figures) -> str:
    """Return the time of the epochs."""
    return f"{run['training_seconds'] / 60:.1f}"


def results_table(names: tuple[str, ...], runs: Figures, titles: Titles, twin: str) -> str:
    """Return one row per tagger."""
    head = [
        "Tagger", "N", "Full precision, %", "Best point, %", "EBOPs", "Small point, %", "EBOPs",
        "Epochs", "Minutes", "of the twin",
    ]  # fmt: skip
    return table(head, [_cells(name, runs, titles, twin, len(head)) for name in names])


def _cells(name: str, runs: Figures, titles: Titles, twin: str, width: int) -> list[str]:
    title, twin_of = titles[name]
    run, floating = runs.get(name), runs.get(twin_of + twin)
    if run is None:
        return [title, *("",) * (width - 2), NOT_TRAINED]
    best, small = run["points"]["best"], run["points"]["small"]
    return [
        title,
        str(run["n_particles"] or "-"),
        percent(floating["points"]["best"]) if floating else NOT_TRAINED,
        percent(best),
        f"{best['ebops']:,}",
        percent(small),
        f"{small['ebops']:,}",
        str(run["epochs"]),
        minutes(run),
        minutes(floating) if floating and twin_of == name else "-",
    ]


def against_mixer(runs: Figures, titles: Titles) -> str:
    """Return a table of every baseline against the Mixer of 16 constituents."""
    head = [
        "Against the Mixer", "Best point, points of %", "EBOPs, ratio", "Small point, points of %",
        "EBOPs, ratio", "In short",
    ]  # fmt: skip
    mixer, rows = runs.get(MIXER), []
    for name in SIXTEEN[1:]:
        if mixer is None or name not in runs:
            rows.append([titles[name][0], *("",) * 4, NOT_TRAINED])
            continue
        pairs = [(runs[name]["points"][k], mixer["points"][k]) for k in ("best", "small")]
        cells = [cell for pair in pairs for cell in _difference(*pair)]
        words = [verdict(*pair) for pair in pairs]
        short = words[0] if words[0] == words[1] else f"best: {words[0]}; small: {words[1]}"
        rows.append([titles[name][0], *cells, short])
    return table(head, rows)


def _gain(one: Figures, other: Figures) -> tuple[float, float]:
    error = math.hypot(one["accuracy_error"], other["accuracy_error"])
    return one["accuracy"] - other["accuracy"], error


def _difference(one: Figures, other: Figures) -> tuple[str, str]:
    gain, error = _gain(one, other)
    return f"{100 * gain:+.2f} ± {100 * error:.2f}", f"{one['ebops'] / other['ebops']:.2f}"


def verdict(one: Figures, other: Figures) -> str:
    """Return who is better in words; equal means within two standard errors."""
    gain, error = _gain(one, other)
    size = "smaller" if one["ebops"] < other["ebops"] else "larger"
    if abs(gain) <= SIGMAS * error:
        words = "as accurate"
    else:
        words = "more accurate" if gain > 0 else "less accurate"
    beats = "**beats the Mixer**: " if size == "smaller" and words != "less accurate" else ""
    return f"{beats}{words}, {size}"


def real_table(runs: Figures) -> str:
    """Return the accuracy on real jets beside that on simulated ones."""
    rows = []
    for name in REAL:
        found = runs.get(name, {"points": {}})["points"]
        for kind, point in found.items():
            if point.get("real") and not (kind == "small" and name.endswith("-float")):
                size = f"{point['ebops']:,} EBOPs" if point["ebops"] else "full precision"
                gain, error = _gain(point["real"], point)
                difference = f"{100 * gain:+.2f} ± {100 * error:.2f}"
                cells = [percent(point), percent(point["real"]), difference]
                rows.append([f"Mixer, N=32, 3 features, {size}", *cells])
    head = ["Tagger", "on simulated test jets, %", "on 1,500 real jets, %", "difference"]
    return table(head, rows) if rows else NOT_TRAINED


def budget_table(names: tuple[str, ...], runs: Figures, titles: Titles) -> str:
    """Return how much of the published schedule each run is."""
    rows = []
    for name in names:
        run = runs.get(name)
        if run is None:
            rows.append([titles[name][0], *("",) * 5, NOT_TRAINED])
            continue
        steps = run["n_train"] // run["batch_size"] * run["epochs"]
        seen = steps * run["batch_size"]
        part = seen / (PAPER_EPOCHS * PAPER_JETS)
        rows.append(
            [
                titles[name][0], str(run["n_particles"] or "-"), f"`{run['preset']}`",
                f"{steps:,}", f"{seen / 1e6:.1f}", f"{100 * part:.2g}%",
                f"{run['jets_per_second']:,.0f}",
            ]
        )  # fmt: skip
    head = ["Tagger", "N", "Preset", "Steps", "Jets seen, millions", "of the published", "jets/s"]
    return table(head, rows)


def quantisation_loss(runs: Figures, twin: str) -> str:
    """Return what quantisation costs the Mixers, as one sentence."""
    parts = []
    for name in SIZES:
        if name not in runs or name + twin not in runs:
            continue
        pair = (runs[name + twin]["points"]["best"], runs[name]["points"]["best"])
        gain, error = _gain(*pair)
        parts.append(f"{100 * gain:+.2f} ± {100 * error:.2f} at N={runs[name]['n_particles']}")
    return ", ".join(parts) if parts else NOT_TRAINED


def page(figures: Figures, titles: Titles, *, twin: str, within: float) -> str:
    """Return the page.

    Args:
        figures: content of results.json.
        titles: row to its title and the row whose twin is its own too.
        twin: what a twin's name ends with.
        within: how far the small point may lie below the best, 0 ... 1.
    """
    runs = figures["runs"]
    one = next(iter(runs.values()))
    versions = one["provenance"]["versions"]
    every = dict.fromkeys((*SIXTEEN, *SIZES, "mixer-32x3"))
    values = {
        "N_TRAIN": f"{one['n_train']:,}",
        "N_VALIDATION": f"{one['data']['n_validation']:,}",
        "N_TEST": f"{one['n_test']:,}",
        "ORIGIN": one["data"]["origin"],
        "SHA256": one["data"]["sha256"],
        "SEEDS": ", ".join(sorted({str(run["seed"]) for run in runs.values()})),
        "WITHIN": f"{100 * within:g}",
        "CPU": figures["machine"]["cpu"],
        "CORES": figures["machine"]["cores"],
        "BACKEND": one["provenance"]["backend"],
        "PYTHON": one["provenance"]["python"],
        "VERSIONS": ", ".join(
            f"{name} {versions[name]}" for name in ("jetmix", "keras", "hgq2", "jax", "numpy")
        ),
        "TOTAL": f"{sum(run['training_seconds'] for run in runs.values()) / 60:.0f}",
        "SIXTEEN": results_table(SIXTEEN, runs, titles, twin),
        "SIZES": results_table(SIZES, runs, titles, twin),
        "AGAINST": against_mixer(runs, titles),
        "LOSS": quantisation_loss(runs, twin),
        "REAL": real_table(runs),
        "BUDGET": budget_table(tuple(every), runs, titles),
        **sections(),
    }
    return filled(PAGE, values)
