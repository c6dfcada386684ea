"""Climbing the ladder of bit-exactness again, for firmware or a package of it."""

from collections.abc import Sequence
from pathlib import Path

from jetmix.api.firmware import Firmware
from jetmix.api.package import Package
from jetmix.api.paths import PathLike, optional
from jetmix.errors import UsageError
from jetmix.packaging.package import is_package
from jetmix.packaging.verify import verify_package
from jetmix.synthesis.verify import verify_again
from jetmix.verification.options import VectorOptions
from jetmix.verification.result import VerificationResult


def verify(
    firmware: Firmware | Package | PathLike,
    *,
    levels: Sequence[str] = (),
    data: PathLike | None = VectorOptions.data,
    constants: PathLike | None = VectorOptions.constants,
    max_jets: int = VectorOptions.max_jets,
    n_random: int = VectorOptions.n_random,
    seed: int = VectorOptions.seed,
    junit: PathLike | None = None,
    waveform: PathLike | None = None,
    trust: Sequence[str] = (),
    synth: PathLike | None = None,
) -> dict[str, VerificationResult]:
    """Climb the ladder of bit-exactness again, and return the outcome of each level.

    Args:
        firmware: firmware, a package of it, or the directory of either.
        levels: levels to compare with Keras; by default all that take no minutes. A package has
            the one level ``package``, and takes none here.
        data: HDF5 file whose test jets are used.
        constants: JSON file of normalisation constants, for a model that no run recorded.
        max_jets: at most this many of them.
        n_random: random vectors within the input ranges, and again beyond them.
        seed: seed of the random vectors.
        junit: JUnit file to write as well.
        waveform: CSV file for what the ports of a folded tagger carry in each clock, at ``ir``.
        trust: the modules that the synthesis trusted.
        synth: the directory of ``jetmix synth`` that a package was made of, if it was moved.

    Raises:
        BitsDifferError: if a level differs from Keras, or the project was edited.
        ToolMissingError: if a wanted level lacks its tool.
        UsageError: if an option does not go with what is verified.
    """
    folder = firmware.path if isinstance(firmware, Firmware | Package) else Path(firmware)
    options = VectorOptions(
        data=optional(data),
        constants=optional(constants),
        max_jets=max_jets,
        n_random=n_random,
        seed=seed,
    )
    report, modules = optional(junit), tuple(trust)
    if is_package(folder):
        if levels or waveform is not None:
            mend = "leave out levels and waveform"
            raise UsageError("a package has the one level 'package'", mend=mend)
        results = verify_package(
            folder, options, synth=optional(synth), junit=report, trust=modules
        )
    elif synth is not None:
        raise UsageError("synth is for packages", where=folder, mend="leave it out")
    else:
        results = verify_again(
            folder, tuple(levels), options, junit=report, waveform=optional(waveform), trust=modules
        )
    return {result.candidate: result for result in results}
