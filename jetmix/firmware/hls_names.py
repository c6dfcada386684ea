"""The C++ of a Vitis HLS project under the name of its tagger.

hls4ml gives the top function the name that it is asked for, but all taggers share the namespace
``nnet``, the names of types, weights and settings, and the include guards. Two of them linked into
one program would then run each other's layers without a word from the linker.
"""

import re
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.firmware.project import INSTALL, TOP

# AMD's own types, which all taggers share
AP_TYPES = "ap_types"
# headers whose whole content is the tagger's own: types, settings of layers, weights
_OWN = re.compile(r"defines\.h|parameters\.h|weights/\w+\.h")
_GUARD = re.compile(r"^#ifndef (\w+_H_?)\n#define \1$", re.MULTILINE)
_NNET = re.compile(r"\bnnet\b")
_INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)
# an array of the top function; the inputs stand in one line
_PORT = re.compile(r"(\w+ \w+\[)")


def functions_of(top: str) -> str:
    """Return the namespace of the functions of the layers."""
    return "nnet" if top == TOP else f"{top}_nnet"


def using_types(top: str) -> str:
    """Return the line that makes the types of the ports known, nothing where they are global."""
    return "" if top == TOP else f"using namespace {_types_of(top)};\n"


def _types_of(top: str) -> str:
    """Return the namespace of types, settings of layers, and weights."""
    return f"{top}_types"


def name_project(folder: Path, top: str) -> None:
    """Give namespaces and include guards of a project the name of its tagger.

    Raises:
        LoweringError: if hls4ml wrote something else than is known.
    """
    if top == TOP:
        return
    firmware = folder / "firmware"
    for path in sorted([*folder.glob("*.cpp"), *firmware.rglob("*.h"), *firmware.glob("*.cpp")]):
        place = path.relative_to(folder)
        if AP_TYPES in place.parts:
            continue
        text = _NNET.sub(functions_of(top), path.read_text(encoding="utf-8"))
        text = _GUARD.sub(lambda found: _guarded(found, top), text)
        if path.suffix == ".cpp":
            text = _after_includes(text, using_types(top), place)
        elif place == Path("firmware", f"{top}.h"):
            text = _PORT.sub(rf"{_types_of(top)}::\1", text)
        elif _OWN.fullmatch(str(place.relative_to("firmware"))):
            text = _enclosed(text, _types_of(top), place)
        path.write_text(text, encoding="utf-8")


def _guarded(found: re.Match[str], top: str) -> str:
    name = found[1]
    if not name.startswith(f"{top.upper()}_"):
        name = f"{top.upper()}_{name}"
    return f"#ifndef {name}\n#define {name}"


def _after_includes(text: str, lines: str, place: Path) -> str:
    """Insert lines after the last include, or the include guard of a header without any."""
    ends = [found.end() for found in _INCLUDE.finditer(text)]
    guard = re.search(r"^#define \w+_H_?\n", text, re.MULTILINE)
    if not ends and guard is None:
        raise LoweringError(
            "hls4ml generated an unexpected project (no include guard)", where=place, mend=INSTALL
        )
    end = ends[-1] if ends else guard.end() if guard else 0
    return f"{text[:end]}\n{lines}{text[end:]}"


def _enclosed(text: str, namespace: str, place: Path) -> str:
    """Put the content of a header into a namespace."""
    text = _after_includes(text, f"namespace {namespace} {{\n", place)
    body, end, rest = text.rpartition("#endif")
    return f"{body}}} // namespace {namespace}\n\n{end}{rest}"
