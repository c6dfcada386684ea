"""Accuracy on jets of another source, such as real ones, beside that on the test jets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.errors import JetmixError
from jetmix.report.bits import model_of
from jetmix.report.tagger import Gap, Tagger


@dataclass(frozen=True, kw_only=True)
class OtherJets:
    """An ``.npz`` file of arrays to measure on too.

    ``asked_for`` makes a tagger that cannot be measured on it leave a gap with the reason.
    """

    path: Path
    asked_for: bool = True


def with_other_jets(taggers: Sequence[Tagger], jets: OtherJets) -> tuple[Tagger, ...]:
    """Return the taggers with their performance on all jets of the file.

    Raises:
        DataError: if there is no such file, or it is broken.
    """
    from jetmix.data.array_file import read_arrays

    read_arrays(jets.path)  # a broken file is its own fault, not the taggers'
    return tuple(_measured(tagger, jets) for tagger in taggers)


def _measured(tagger: Tagger, jets: OtherJets) -> Tagger:
    from jetmix.training.evaluate import evaluate

    model, data = model_of(tagger.folders), tagger.data
    if model is None or data is None:
        why = "the normalisation of this tagger is not recorded"
        return _without(tagger, jets, why, "name the run that the model comes from")
    try:
        return replace(tagger, other_jets=evaluate(model, jets.path, trained_on=data))
    except JetmixError as error:
        return _without(tagger, jets, error.what, error.mend)


def _without(tagger: Tagger, jets: OtherJets, why: str, mend: str) -> Tagger:
    gap = Gap(what=f"accuracy on {jets.path.name}", why=why, mend=mend)
    return replace(tagger, gaps=(*tagger.gaps, gap)) if jets.asked_for else tagger
