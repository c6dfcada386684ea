"""What a tagger is called in its firmware, so that several live in one FPGA and in one process.

The engines and hls4ml write fixed names, which two taggers would share. A tagger that is given a
name gets it in front of every module, file, namespace and include guard; one without a name keeps
what the generators write.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from jetmix.errors import UsageError
from jetmix.firmware.engines.registry import Language
from jetmix.firmware.project import TOP
from jetmix.models.identifiers import is_legal, legal

# file systems take 255 bytes, and the longest ending here is that of a generated table
LONGEST = 100
# hls4ml names types so, and a function cannot be called like a type
TYPE = "_t"
SUFFIXES: dict[Language, str] = {"verilog": ".v", "vhdl": ".vhd"}
# how a module is declared, and where its name stands: there, and where an instance of it is made
_WRITTEN: dict[Language, tuple[str, str]] = {
    "verilog": (
        r"^\s*module\s+(\w+)",
        r"(?:(?<=\bmodule )NAME|\bNAME(?=\s*#\s*\(|\s+\w+\s*\())\b",
    ),
    "vhdl": (
        r"^\s*entity\s+(\w+)\s+is\b",
        r"(?:(?<=entity )|(?<=entity work\.)|(?<= of ))NAME\b(?=\s*;|\s+(is|port|generic)\b)",
    ),
}


def label_of(name: str, version: int | None) -> str:
    """Return name and version in one identifier."""
    return name if version is None else f"{name}_v{version}"


def require_name(name: str, version: int | None, *, where: str = "") -> None:
    """Refuse what cannot be the name of a tagger.

    Args:
        name: its name.
        version: its version, None for one without.
        where: the option that the name is from, "" where none is known.

    Raises:
        UsageError: naming one that can.
    """
    if version is not None and version < 0:
        raise UsageError(f"version {version}", mend="number versions from 0 up")
    if not is_legal(name):
        raise UsageError(
            f"{name!r} is no identifier that C++, Verilog and VHDL all take and that is free",
            where=where,
            mend=f"name it {legal(name)[:LONGEST]}, for example",
        )
    label = label_of(name, version)
    if label.lower().endswith(TYPE):
        raise UsageError(
            f"{label!r} ends like a type of hls4ml", where=where, mend=f"name it {label}ag"
        )
    if len(label) > LONGEST:
        raise UsageError(
            f"a name of {len(label)} letters", where=where, mend=f"use at most {LONGEST}"
        )


def require_free(label: str, ports: Iterable[str]) -> None:
    """Refuse the name of an input or an output: in C++ it would hide the top function.

    Raises:
        UsageError: naming another one.
    """
    if label.lower() in {port.lower() for port in ports}:
        raise UsageError(
            f"an input or output of the model is called {label!r}",
            where="--top",
            mend=f"name it {label}_tagger, for example",
        )


def renamed(name: str, top: str, *, old: str = TOP) -> str:
    """Return what a module or file of the tagger ``old`` is called in the tagger ``top``."""
    return name.replace(old, top, 1) if name.startswith(old) else f"{top}_{name}"


def renamed_sources(
    texts: Mapping[Path, str], top: str, language: Language, *, old: str = TOP
) -> dict[Path, str]:
    """Return sources with all modules renamed after ``top``, under new names of the files.

    Args:
        texts: the sources by path, with all modules that they use.
        top: the new name of the tagger.
        language: language of the sources.
        old: its name in the sources.
    """
    declared, used = _WRITTEN[language]
    modules = {name for text in texts.values() for name in re.findall(declared, text, re.MULTILINE)}
    names = {name: renamed(name, top, old=old) for name in modules}
    listed = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    use = re.compile(used.replace("NAME", f"(?:{listed})"))
    return {
        # a file of several modules carries the name of none
        path.with_name(f"{renamed(path.stem, top, old=old)}{path.suffix}"): use.sub(
            lambda found: names[found[0]], text
        )
        for path, text in texts.items()
    }


def name_sources(src: Path, top: str, language: Language) -> None:
    """Rename the generated sources in a folder after ``top``."""
    texts = {path: path.read_text(encoding="utf-8") for path in src.rglob(f"*{SUFFIXES[language]}")}
    new = renamed_sources(texts, top, language)
    for path in texts:
        path.unlink()
    for path, text in new.items():
        path.write_text(text, encoding="utf-8")
