"""The level ``package``: what a package holds, built, run and compared with Keras."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.errors import BitsDifferError, LoweringError, ToolMissingError, UsageError
from jetmix.packaging.package import Package, open_package
from jetmix.packaging.registry import find
from jetmix.packaging.trials.trial import Trial
from jetmix.support.files import tree_digest
from jetmix.synthesis.synth_dir import LOWERED, SynthDir
from jetmix.synthesis.verify import bench_of
from jetmix.verification import ladder
from jetmix.verification.bench import Bench
from jetmix.verification.junit import write_junit
from jetmix.verification.options import VectorOptions
from jetmix.verification.result import (
    PACKAGE_LEVEL,
    VerificationResult,
    judged,
    not_run,
    write_results,
)


def verify_package(
    folder: Path,
    options: VectorOptions,
    *,
    synth: Path | None = None,
    junit: Path | None = None,
    trust: Sequence[str] = (),
) -> list[VerificationResult]:
    """Build what a package holds, compare it with Keras, and write ``verification.json`` into it.

    The package itself is only read beside that; what is built goes into a temporary folder.

    Args:
        folder: a package.
        options: the vectors.
        synth: the synthesis that it was made of, None where the package says it is.
        junit: file to write the result to as well.
        trust: the modules that the synthesis trusted.

    Raises:
        UsageError: if the target has nothing that can be run.
        BitsDifferError: if bits differ, or the package or its synthesis was edited.
        LoweringError: if the synthesis is not there, or is another one.
        ToolMissingError: if a tool is missing.
    """
    options.require_data()
    package = open_package(folder)
    target = find(package.target)
    if target.trial is None:
        raise UsageError(
            f"nothing of a package for {package.target} can be run", where=folder,
            mend=f"verify the synthesis: 'jetmix verify {folder / package.synth}'",
        )  # fmt: skip
    opened = _synthesis(folder, package, synth)
    bench, _ = bench_of(opened, options, trust)
    result = _tried(folder, package, opened, bench)
    write_results(folder, [result])
    if junit is not None:
        write_junit(junit, [result], suite=folder.resolve().name)
    _require_exact(result, folder)
    return [result]


def _synthesis(folder: Path, package: Package, named: Path | None) -> SynthDir:
    """Return the synthesis that a package was made of.

    Raises:
        LoweringError: if it is not there, or is another one.
    """
    path = named or folder / package.synth
    if not path.is_dir():
        raise LoweringError(
            "the synthesis that the package was made of is not there",
            where=path,
            mend="name its folder with --synth",
        )
    opened = SynthDir.open(path)
    if tree_digest(path, list(LOWERED)) != package.synth_sha256:
        raise LoweringError(
            "the package was made of another synthesis",
            where=path,
            mend="name the right folder with --synth",
        )
    return opened


def _tried(folder: Path, package: Package, synth: SynthDir, bench: Bench) -> VerificationResult:
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        trial = Trial(
            folder=folder,
            package=package,
            order=package.order(synth),
            graph=bench.graph,
            x=np.asarray(bench.vectors.x.reshape(len(bench.vectors.x), -1), dtype=np.float64),
            reference=bench.reference,
            area=Path(scratch),
        )
        try:
            outputs = find(package.target).run(trial)
        except ToolMissingError as error:
            return not_run(PACKAGE_LEVEL, str(error))
    return judged(
        PACKAGE_LEVEL,
        outputs,
        bench.vectors,
        bench.reference,
        heads=bench.outputs,
        precision=bench.precision,
    )


def _require_exact(result: VerificationResult, folder: Path) -> None:
    if result.status == "failed":
        raise BitsDifferError(
            f"{result.candidate} {result.difference}",
            where=folder,
            mend="do not use this package; keep the folder and report the model",
        )
    missing = ladder.missing_tool([result])
    if missing is not None:
        raise missing
