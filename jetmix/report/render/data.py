"""The report as data: what ``report.json`` holds."""

from collections.abc import Sequence
from dataclasses import asdict

from jetmix import __version__
from jetmix.report.gate.rules import FORMAT, Outcome, figures
from jetmix.report.published.comparable import Field
from jetmix.report.published.panels import COST_TITLES, Panel, panels
from jetmix.report.rivals import rivals
from jetmix.report.tagger import LayerBits, Packaged, Tagger
from jetmix.support.files import JSON
from jetmix.support.records import dump
from jetmix.verification.proofs.proofs import Proofs


def content(
    taggers: Sequence[Tagger], fields: Sequence[Field], checks: Sequence[Outcome] = ()
) -> JSON:
    """Return the report as JSON-serialisable data; the same input gives the same content."""
    return {
        "format": FORMAT,
        "jetmix": __version__,
        "taggers": [_tagger(tagger) for tagger in taggers],
        "fields": [_field(field) for field in fields],
        "rivals": dump(rivals(taggers)),
        "checks": dump(checks),
    }


def _tagger(tagger: Tagger) -> JSON:
    metrics = tagger.metrics
    return {
        "name": tagger.name,
        "folders": list(tagger.places),
        "architecture": tagger.architecture,
        "n_particles": tagger.n_particles,
        "n_features": tagger.n_features,
        "permutation_invariant": tagger.permutation_invariant,
        "model_sha256": tagger.model_sha256,
        "trusted": list(tagger.trusted),
        "dataset": asdict(tagger.data) if tagger.data else None,
        "metrics": asdict(metrics) if metrics else None,
        "mean_auc": metrics.mean_auc if metrics else None,
        "other_jets": tagger.other_jets.as_json() if tagger.other_jets else None,
        "glance": _glance(tagger),
        "figures": figures(tagger),
        "latency_from": tagger.timing.source if tagger.timing else None,
        "resources": dump(tagger.resources),
        "verification": dump(tagger.verification),
        "vendor": [{**r.as_json(), "file": r.file} for r in tagger.vendor],
        "packages": [_package(packaged) for packaged in tagger.packages],
        "ports": dump(tagger.ports),
        "front": [asdict(point) for point in tagger.front],
        "layers": [_layer(layer) for layer in tagger.layers],
        "layer_costs": [asdict(cost) for cost in tagger.costs],
        "proofs": _proofs(tagger.proofs) if tagger.proofs else None,
        "faults": dump(tagger.faults),
        "measured_latency_cycles": tagger.measured.latency_cycles if tagger.measured else None,
        "missing": [asdict(gap) for gap in tagger.gaps],
        "provenance": dump(tagger.provenance),
        "synthesis": dump(tagger.synthesis),
        "recipe": tagger.recipe,
    }


def _package(packaged: Packaged) -> JSON:
    record = packaged.record
    return {
        "target": record.target,
        "name": record.name,
        "version": record.version,
        "resources": dump(packaged.resources),
        "verification": dump(packaged.verification),
    }


def _proofs(proofs: Proofs) -> JSON:
    proof, jets = proofs.proof, proofs.data
    return {
        "operations": proof.operations,
        "overflows": len(proof.overflows),
        "unproven": len(proof.unproven),
        "quantisers": proof.quantisers,
        "can_wrap": proof.can_wrap,
        "can_wrap_by_layer": proof.can_wrap_by_layer,
        "linear": dump(proofs.linear),
        "tables": dump(proofs.tables),
        "data": jets
        and {
            "path": jets.path,
            "n_jets": jets.n_jets,
            "n_jets_that_wrap": jets.n_jets_that_wrap,
            "n_values_that_wrap": jets.n_values_that_wrap,
            "inputs": [
                {
                    "feature": port.feature,
                    "particle": port.particle,
                    "jets": port.jets,
                    "low": port.port[0],
                    "high": port.port[1],
                }
                for port in jets.inputs
            ],
        },
    }


def _layer(layer: LayerBits) -> JSON:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "ebops": layer.ebops,
        "n_weights": layer.n_weights,
        "n_nonzero": layer.n_nonzero,
        "weight_bits": layer.weight_bits,
        "input_bits": [bits.tolist() for bits in layer.inputs],
    }


def _glance(tagger: Tagger) -> JSON:
    """Return the figures of the first table, resources from the most trusted origin."""
    report = tagger.best_resources
    return {
        "accuracy": tagger.metrics.accuracy if tagger.metrics else None,
        "accuracy_error": tagger.metrics.accuracy_error if tagger.metrics else None,
        "ebops": tagger.ebops,
        "origin": report.origin if report else None,
        "lut": report.lut if report else None,
        "lut_low": report.lut_low if report else None,
        "lut_high": report.lut_high if report else None,
        "ff": report.ff if report else None,
        "ff_low": report.ff_low if report else None,
        "ff_high": report.ff_high if report else None,
        "dsp": report.dsp if report else None,
        "latency_cycles": report.latency_cycles if report else None,
        "latency_ns": report.latency_ns if report else None,
        "ii_cycles": report.ii_cycles if report else None,
        "part": report.part if report else None,
        "bit_exact": {r.candidate: r.n_vectors for r in tagger.verified("passed")},
        "bits_differ": {r.candidate: r.n_mismatch for r in tagger.verified("failed")},
    }


def _field(field: Field) -> JSON:
    return {
        "setting": {**asdict(field.setting), "caveat": field.setting.caveat},
        "comparable_with_published": field.setting.public,
        "taggers": [tagger.name for tagger in field.taggers],
        "published": [asdict(row) for row in field.rows],
        "left_out": [{"id": entry.row.id, "reason": entry.reason} for entry in field.left_out],
        "panels": [_panel(panel) for cost in COST_TITLES for panel in panels(field, cost)],
    }


def _panel(panel: Panel) -> JSON:
    return {
        "data": panel.data,
        "origin": panel.origin,
        "cost": panel.cost,
        "points": [
            {
                "id": point.id,
                "ours": point.ours,
                "accuracy_pct": point.accuracy_pct,
                "cost": point.cost,
                "nondominated": point.nondominated,
            }
            for point in panel.points
        ],
    }
