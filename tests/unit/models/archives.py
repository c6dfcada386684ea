"""Small HGQ models, and changes to what a saved file says of itself."""

import json
import zipfile

from jetmix.models import keras_env

keras = keras_env.activate()


def small(n=3, **scope):
    """Return an HGQ model of one hidden layer, its ranges as they start."""
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense

    given = {"f0": 2, "i0": 1, "overflow_mode": "WRAP", **scope}
    with QuantizerConfigScope(place="datalane", **given):
        features = keras.Input((n,), name="jet")
        x = QDense(4, activation="relu", name="hidden")(features)
        x = QDense(2, name="logits")(x)
    return keras.Model(features, x, name="small")


def rewrite(path, **changes):
    """Change members of a .keras file, each by a function of its decoded JSON."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for stem, change in changes.items():
        name = f"{stem}.json"
        parts[name] = json.dumps(change(json.loads(parts[name]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def replaced(old, new):
    """Return a change that replaces a text everywhere."""
    return lambda content: json.loads(json.dumps(content).replace(old, new))
