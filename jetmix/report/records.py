"""Turning the JSON files of a run or a synthesised project into checked data."""

from typing import cast, get_args

from jetmix.report.checked import Checked, each
from jetmix.report.tagger import DataOrigin, DataUsed, FrontPoint, Metrics
from jetmix.verification.result import Level, Mismatch, Status, VerificationResult

ROUNDING = 1e-4


def data_used(entry: Checked) -> DataUsed:
    """Return the content of a ``dataset.json``."""
    gate = entry.number_or_none("pt_gate_gev")
    return DataUsed(
        path=entry.text("path"),
        sha256=entry.text("sha256"),
        origin=cast(DataOrigin, entry.choice("origin", get_args(DataOrigin))),
        n_train=entry.integer("n_train"),
        n_validation=entry.integer("n_validation"),
        n_test=entry.integer("n_test"),
        class_names=entry.texts("class_names"),
        feature_names=entry.texts("feature_names"),
        n_particles=entry.integer_or_none("n_particles", 1),
        pt_gate_gev=gate or 0.0,
    )


def metrics(entry: Checked) -> Metrics:
    """Return the content of a ``metrics.json``; its numbers must agree with each other."""
    names = entry.texts("class_names")
    if not names or len(set(names)) != len(names):
        raise entry.fail("class_names", "names that differ")
    result = Metrics(
        n_test=entry.integer("n_test", 1),
        accuracy=entry.number("accuracy", 0, 1),
        accuracy_error=entry.number("accuracy_error", 0, 1),
        ebops=entry.number_or_none("ebops"),
        class_names=names,
        auc=_per_class(entry, "auc", names),
        tpr_at_fpr10=_per_class(entry, "tpr_at_fpr10", names),
        tpr_at_fpr1=_per_class(entry, "tpr_at_fpr1", names),
        confusion=_confusion(entry, len(names)),
    )
    total = sum(map(sum, result.confusion))
    if total != result.n_test:
        raise entry.fail("confusion", f"counts of {result.n_test} jets (they add up to {total})")
    right = sum(row[i] for i, row in enumerate(result.confusion)) / total
    if abs(right - result.accuracy) > ROUNDING:
        raise entry.fail("accuracy", f"{right:.4f}, as the confusion matrix says,")
    return result


def _per_class(entry: Checked, key: str, names: tuple[str, ...]) -> dict[str, float]:
    values = entry.numbers(key, 0, 1)
    if set(values) != set(names):
        raise entry.fail(key, f"one number a class ({', '.join(names)})")
    return {name: values[name] for name in names}


def _confusion(entry: Checked, n_classes: int) -> tuple[tuple[int, ...], ...]:
    rows = entry.content.get("confusion")
    if not isinstance(rows, list) or len(rows) != n_classes:
        raise entry.fail("confusion", f"a matrix of {n_classes} x {n_classes} counts")
    for row in rows:
        if not isinstance(row, list) or len(row) != n_classes or not all(map(_is_count, row)):
            raise entry.fail("confusion", f"a matrix of {n_classes} x {n_classes} counts")
    return tuple(tuple(row) for row in rows)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def front(entry: Checked) -> tuple[FrontPoint, ...]:
    """Return the points of a ``pareto.json``, by rising EBOPs."""
    points = [
        FrontPoint(
            val_accuracy=point.number("val_accuracy", 0, 1),
            ebops=point.number("ebops"),
            epoch=point.integer_or_none("epoch"),
        )
        for point in entry.parts("points")
    ]
    return tuple(sorted(points, key=lambda point: point.ebops))


def verification(items: object, where: object) -> tuple[VerificationResult, ...]:
    """Return the content of a ``verification.json``; a pass without vectors is refused."""
    return tuple(_verification(entry) for entry in each(items, where))


def _verification(entry: Checked) -> VerificationResult:
    result = VerificationResult(
        reference=entry.text("reference"),
        candidate=cast(Level, entry.choice("candidate", get_args(Level))),
        status=cast(Status, entry.choice("status", get_args(Status))),
        n_vectors=entry.integer("n_vectors"),
        n_mismatch=entry.integer("n_mismatch"),
        max_diff_lsb=entry.number_or_none("max_diff_lsb"),
        lsb=entry.number_or_none("lsb"),
        first_mismatch=_mismatch(entry.part_or_none("first_mismatch")),
        vectors={
            name: entry.part("vectors").integer(name) for name in entry.part("vectors").content
        },
        seconds=entry.number_or_none("seconds"),
        reason=entry.text_or_none("reason"),
        latency_cycles=entry.integer_or_none("latency_cycles", 1),
        ii_cycles=entry.integer_or_none("ii_cycles", 1),
        latency_expected_cycles=entry.integer_or_none("latency_expected_cycles", 1),
    )
    if result.status == "passed" and (result.n_mismatch or not result.n_vectors):
        raise entry.fail("status", "'passed' only with vectors compared and none different")
    if result.status == "failed" and not (result.n_mismatch or result.latency_differs):
        raise entry.fail("status", "'failed' only where vectors or the latency differ")
    if result.status == "not-run" and result.n_vectors:
        raise entry.fail("status", "'not-run' only without vectors")
    if result.status != "not-run" and sum(result.vectors.values()) != result.n_vectors:
        raise entry.fail("vectors", f"counts that add up to {result.n_vectors}")
    return result


def _mismatch(entry: Checked | None) -> Mismatch | None:
    if entry is None:
        return None
    return Mismatch(
        vector=entry.integer("vector"),
        origin=entry.text("origin"),
        output=entry.integer("output"),
        reference=entry.number("reference", low=-1e300),
        candidate=entry.integer("candidate", low=-(2**63)),
        layer=entry.text_or_none("layer"),
    )
