"""A level that is not in jetmix: the rounded outputs of Keras itself, some of them made wrong."""

from jetmix.errors import ToolMissingError
from jetmix.verification.bench import Outputs

LSB = 2.0**-20
# what the level does: pass, differ, or lack its tool
behaviour = {"wrong": False, "missing": False}


def require_tools():
    if behaviour["missing"]:
        raise ToolMissingError("made-up-tool is not installed", mend="install it")


def run(bench):
    require_tools()
    values = bench.reference.copy()
    if behaviour["wrong"]:
        values[2, 1] += LSB
    return Outputs(values=values, lsb=LSB, seconds=0.5)


def trace(bench, x):
    return f"layer for {x.shape}"
