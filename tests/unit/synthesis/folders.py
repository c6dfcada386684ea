"""A small finished synthesis, written by those who write a real one."""

from jetmix.resources.report import write_resources
from jetmix.synthesis import synth_dir
from jetmix.synthesis.synth_dir import GRAPH_FILE, MODEL_FILE, TaggerRecord

TAGGER = TaggerRecord(
    source="a model", model_sha256="ee" * 32, n_particles=4, n_features=3, input_shape=(4, 3)
)


def finish_synthesis(out, *projects, resources=(), tagger=TAGGER, exact=True):
    """Write the other files of a synthesis around its projects."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (MODEL_FILE, GRAPH_FILE):
        (out / name).write_text("content")
    tagger.write(out)
    write_resources(out, resources)
    synth_dir.finish(out, projects, digest="d", seconds=1.0, exact=exact, provenance=None)
    return out
