"""Statistics that compare two samples of jets, each figure with its statistical error.

Everything here is made of plain arrays: ``x`` is (jet, particle, 3) with pt in GeV, etarel and
phirel, sorted by falling pT and padded with zeros; ``y`` the class of each jet.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import ks_2samp, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

FOLDS = 5
SIMPLE_VARIABLES = (
    "sum_pt", "mass", "count", "pt_1", "pt_2", "pt_3", "pt_5", "pt_10", "pt_20",
    "dr_1", "dr_2", "dr_3", "dr_12", "girth", "ptd", "within_0.05", "within_0.1", "within_0.2",
    "e2", "axis_ratio",
)  # fmt: skip


class Figure(NamedTuple):
    """A measured value and its error of one standard deviation."""

    value: float
    error: float


def simple_variables(x: np.ndarray) -> np.ndarray:
    """Return SIMPLE_VARIABLES (jet, 20) of the constituents given.

    Momenta are in GeV, ``pt_n`` that of constituent n, ``dr_n`` its distance from the axis,
    ``within_r`` the share of pT within r, ``e2`` the two-point energy correlator. Distances are
    rounded to 1e-4: constituents sit at the centres of cells, and the last bits of these few
    numbers would give away by whom they were calculated.
    """
    pt, eta, phi = np.moveaxis(x.astype(np.float64), -1, 0)
    total = np.maximum(pt.sum(axis=1), 1e-9)
    z = pt / total[:, None]
    dr = np.hypot(eta, phi).round(4)
    px, py = (pt * np.cos(phi)).sum(axis=1), (pt * np.sin(phi)).sum(axis=1)
    pz, e = (pt * np.sinh(eta)).sum(axis=1), (pt * np.cosh(eta)).sum(axis=1)
    mass = np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0))
    pairs = np.hypot(eta[:, :, None] - eta[:, None], phi[:, :, None] - phi[:, None]).round(4)
    e2 = np.einsum("jk,jl,jkl->j", z, z, pairs) / 2
    columns = [total, mass, (pt > 0).sum(axis=1)]
    columns += [pt[:, n - 1] for n in (1, 2, 3, 5, 10, 20)]
    columns += [dr[:, 0], dr[:, 1], dr[:, 2], pairs[:, 0, 1], (z * dr).sum(axis=1)]
    columns += [np.sqrt((z**2).sum(axis=1))]
    columns += [(z * (dr < radius)).sum(axis=1) for radius in (0.05, 0.1, 0.2)]
    columns += [e2, _axis_ratio(z, eta, phi)]
    return np.stack(columns, axis=1)


def _axis_ratio(z: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return the smaller eigenvalue of the pT-weighted spread over the larger one."""
    a, b, c = (z * eta**2).sum(axis=1), (z * phi**2).sum(axis=1), (z * eta * phi).sum(axis=1)
    mean, half = (a + b) / 2, np.hypot((a - b) / 2, c)
    return (mean - half) / np.maximum(mean + half, 1e-12)


def share(right: np.ndarray) -> Figure:
    """Return the share of true values with its binomial error, both in percent."""
    p = float(np.mean(right))
    return Figure(100 * p, 100 * float(np.sqrt(max(p * (1 - p), 1e-12) / len(right))))


def auc(positive: np.ndarray, negative: np.ndarray) -> Figure:
    """Return the area under the ROC curve with its error (DeLong, DeLong, Clarke-Pearson 1988)."""
    m, n = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1 - (ranks[m:] - rankdata(negative)) / m
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n
    return Figure(float(above.mean()), float(np.sqrt(variance)))


def boosting(seed: int) -> HistGradientBoostingClassifier:
    """Return the small classifier that all comparisons use."""
    return HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=15,
        l2_regularization=1.0, random_state=seed,
    )  # fmt: skip


def perceptron(seed: int) -> MLPClassifier:
    """Return the network of the recipe hlf-mlp in floating point, for standardised features."""
    return MLPClassifier((64, 32, 32), batch_size=256, alpha=1e-4, max_iter=60, random_state=seed,
                         early_stopping=True, n_iter_no_change=8)  # fmt: skip


def real_or_simulated(real: np.ndarray, simulated: np.ndarray, *, seed: int) -> Figure:
    """Return the AUC of a classifier that is to find the real jets; 0.5 means alike.

    Cross-validated, so that no jet is judged by a classifier that saw it; both samples weigh as
    much as each other. The error is that of the finite samples.
    """
    x = np.concatenate([real, simulated])
    y = np.repeat([1, 0], [len(real), len(simulated)])
    scores = np.zeros(len(y))
    for fit, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        weight = np.where(y[fit] == 1, len(simulated) / len(real), 1.0)
        model = boosting(seed).fit(x[fit], y[fit], sample_weight=weight)
        # the score of a fold has a scale of its own: its rank has not
        scores[judged] = rankdata(model.decision_function(x[judged])) / len(judged)
    return auc(scores[y == 1], scores[y == 0])


def ks_distance(real: np.ndarray, simulated: np.ndarray) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov distance of a variable and its p-value."""
    found = ks_2samp(real, simulated)
    return float(found.statistic), float(found.pvalue)


def cross_validated(x: np.ndarray, y: np.ndarray, *, seed: int) -> Figure:
    """Return the accuracy in percent of the classifier on jets that it was not trained on."""
    right = np.zeros(len(y), bool)
    for fit, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        right[judged] = boosting(seed).fit(x[fit], y[fit]).predict(x[judged]) == y[judged]
    return share(right)


def leak(sum_pt: np.ndarray, y: np.ndarray, *, seed: int) -> Figure:
    """Return the accuracy in percent of the sum of pT alone, cross-validated.

    The most frequent class in each of 20 bins with equally many jets; a few jets more or less
    do not matter to it, so samples of different sizes can be compared.
    """
    right = np.zeros(len(y), bool)
    for fit, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(sum_pt, y):
        edges = np.quantile(sum_pt[fit], np.linspace(0, 1, 21)[1:-1])
        counts = np.zeros((20, 5))
        np.add.at(counts, (np.searchsorted(edges, sum_pt[fit]), y[fit]), 1)
        right[judged] = counts.argmax(axis=1)[np.searchsorted(edges, sum_pt[judged])] == y[judged]
    return share(right)


def moments(x: np.ndarray, *, seed: int, draws: int = 50) -> tuple[np.ndarray, ...]:
    """Return mean and standard deviation of each feature of (jet, particle, feature), with errors.

    Padding counts as zeros. The errors are those of the jets: constituents of a jet are no
    independent values, so whole jets are drawn again and again (bootstrap).
    """
    first, second = x.astype(np.float64).mean(axis=1), (x.astype(np.float64) ** 2).mean(axis=1)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), draws) / len(x)
    means, squares = weights @ first, weights @ second
    mean, std = first.mean(axis=0), np.sqrt(second.mean(axis=0) - first.mean(axis=0) ** 2)
    return mean, means.std(axis=0), std, np.sqrt(squares - means**2).std(axis=0)
