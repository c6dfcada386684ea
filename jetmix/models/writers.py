"""Recognises models of other quantisation packages, and names the version that wrote them."""

import re
from collections.abc import Iterable
from typing import NoReturn

from jetmix.errors import LoweringError
from jetmix.models.model_file import ModelFile
from jetmix.models.other_files import REBUILD, SAVE
from jetmix.support.files import JSON

QKERAS = re.compile(
    r"quantized_\w+|Q(Activation|AdaptiveActivation|Dense|Conv[12]D\w*|BatchNormalization"
    r"|DepthwiseConv2D\w*|SeparableConv[12]D|DenseBatchnorm|Initializer)"
)
HGQ_1 = re.compile(r"FixedPointQuantizer|UnaryLUT|H(Quantize|Dense|Conv[12]D|Activation|Add)\w*")
PROXIES = ("FixedPointQuantizer", "UnaryLUT")


def refuse_foreign_writer(file: ModelFile, entries: Iterable[JSON]) -> None:
    """Refuse a model whose classes are those of QKeras or of the HGQ for Keras 2.

    Raises:
        LoweringError: with the package, and the version of Keras that wrote the file.
    """
    for entry in entries:
        package, name = _names(entry)
        # files of Keras 2 name classes without their package
        bare = not package and (file.of_keras_2 or file.keras_version is None)
        if package == "HGQ" or (bare and HGQ_1.fullmatch(name)):
            proxy = "a proxy model" if name in PROXIES else "a model"
            _refuse(
                file,
                f"{proxy} of HGQ for Keras 2 (class '{name}', {_written(file)})",
                "train it again with hgq2, or lower it with hls4ml itself",
            )
        if package == "qkeras" or (bare and QKERAS.fullmatch(name)):
            _refuse(
                file,
                f"a model of QKeras (class '{name}', {_written(file)}), which hgq2 cannot load",
                f"{REBUILD}; hgq2 has quantized_bits and quantized_relu in its module qkeras",
            )


def is_subclassed(file: ModelFile) -> bool:
    """Tell whether a model is not described by its layers, but by the name of its class."""
    inner = file.config.get("config")
    return not (isinstance(inner, dict) and "layers" in inner)


def subclassed_error(file: ModelFile) -> LoweringError:
    """Return why a model that is described by the name of its class cannot be rebuilt."""
    name = file.config["class_name"]
    return LoweringError(
        f"a subclassed model: the file names its class '{name}', which alone knows its layers",
        where=file.path,
        mend=f"build it from keras.Input and layers as keras.Model(inputs, outputs) and {SAVE}",
    )


def loading_error(file: ModelFile, error: Exception, here: str) -> LoweringError:
    """Return why Keras could not load a file, as a user can mend it.

    Args:
        file: the file, whose parts are all allowed.
        error: what Keras raised.
        here: version of the installed Keras.
    """
    message = _first_line(error)
    missing = re.search(r"(?:Could not locate|Unknown) (\w+):? '([^']+)'", str(error))
    if is_subclassed(file):
        return subclassed_error(file)
    if file.of_keras_2:
        what = f"the file was {_written(file)}, whose models Keras {here} cannot load"
        mend = REBUILD
    elif missing:
        what = f"the model uses the {missing[1]} '{missing[2]}', which neither keras nor hgq has"
        mend = "name the module that has it, if you trust it: --trust MODULE (trust= in Python)"
    else:
        version = f", {_written(file)}" if file.keras_version else ""
        what = f"Keras {here} cannot load the model{version} ({type(error).__name__}: {message})"
        mend = "give an undamaged model file written by Keras 3 with hgq2"
    return LoweringError(what, where=file.path, mend=mend)


def _names(entry: JSON) -> tuple[str, str]:
    """Return the package and the class of an entry; a class of Keras or a module has no package.

    An entry with a module of its own is known by that module.
    """
    registered = entry.get("registered_name") or entry["class_name"]
    package, _, name = str(registered).rpartition(">")
    module = entry.get("module")
    if not package and module is not None:
        root = str(module).split(".")[0]
        return (root if root == "HGQ" else "-"), name
    return package, name


def _written(file: ModelFile) -> str:
    return f"written by Keras {file.keras_version or 'of an unknown version'}"


def _refuse(file: ModelFile, what: str, mend: str) -> NoReturn:
    raise LoweringError(what, where=file.path, mend=mend)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"
