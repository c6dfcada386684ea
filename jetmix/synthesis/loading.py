"""The model to lower: opened, judged and prepared before the first file is written."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.errors import UsageError
from jetmix.firmware.lowerable import check_lowerable
from jetmix.firmware.naming import require_free
from jetmix.firmware.softmax import without_softmax
from jetmix.models import calibration, keras_env
from jetmix.models.prepare import Prepared, functional, prepare, speaking
from jetmix.models.signature import Signature
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.synth_dir import MODEL_FILE, SynthDir
from jetmix.training.run_dir import TaggerSource


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model to lower, its ports under the names of the user, and the file to keep of it."""

    prepared: Prepared
    ports: Signature
    saved: bytes


def _arrays(prepared: Prepared, ports: Signature) -> list[str]:
    """Return what inputs and outputs may be called in C++, by hls4ml and in a whole graph."""
    names = [str(tensor.name) for tensor in prepared.model.inputs]
    return names + [port.identifier for port in (*ports.inputs, *ports.outputs)]


def load(source: TaggerSource, options: SynthOptions) -> Loaded:
    """Open the model of a tagger and prepare it.

    Raises:
        LoweringError: if it cannot be loaded or lowered, or was never calibrated.
        UsageError: if the name for the tagger is that of an input or output.
    """
    model = keras_env.load_tagger(source.model, trust=options.trust)
    # a run ends with a calibration, which older runs do not note in their model files
    known = options.calibrated or source.recipe is not None
    if not known and not calibration.is_recorded(source.model):
        calibration.require_calibrated(model)
    if options.logits:
        model = without_softmax(model)
    # preparing renames layers, and the file and the ports keep the names of the user
    is_kept = source.model.suffix == Path(MODEL_FILE).suffix and not options.logits
    saved, ports = (
        source.model.read_bytes() if is_kept else _as_file(model),
        Signature.of(functional(model)),
    )
    prepared = prepare(model)
    require_free(options.label, _arrays(prepared, ports))
    with speaking(prepared.names):
        check_lowerable(prepared.model)
    return Loaded(prepared=prepared, ports=ports, saved=saved)


def _as_file(model: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        path = Path(scratch) / MODEL_FILE
        model.save(path)
        # what comes here is calibrated, and the file is a model to lower again
        calibration.record(path)
        return path.read_bytes()


def require_trust(opened: SynthDir, trust: Sequence[str]) -> None:
    """Refuse to open the model of a synthesis that trusted other modules than ``trust``.

    Raises:
        UsageError: naming them; nothing is imported because a record says so.
    """
    missing = [module for module in opened.tagger.trusted if module not in trust]
    if missing:
        raise UsageError(
            f"its model was lowered with trust in {', '.join(missing)}, which is not trusted now",
            where=opened.path,
            mend=f"add {' '.join(f'--trust {name}' for name in missing)} (trust= in Python)",
        )
