"""How much of a device, and of one of its super logic regions (SLR), a design takes."""

from dataclasses import dataclass

from jetmix.firmware.parts import Part
from jetmix.resources.report import ResourceReport

AMOUNTS = ("lut", "ff", "dsp", "bram18", "uram")


@dataclass(frozen=True, kw_only=True)
class Utilisation:
    """Shares of the device, and of one of its SLRs, in per cent by amount.

    An amount that the report does not state, or that the device does not have, is left out.
    ``slr`` is None for a part of one region.
    """

    device: dict[str, float]
    slr: dict[str, float] | None


def utilisation(report: ResourceReport, part: Part) -> Utilisation:
    """Return the shares of a design's resources in per cent.

    A design that does not fit into one SLR crosses between dies, which costs latency and clock,
    so the share of one SLR is given too.
    """
    device = {
        name: round(100 * used / held, 4)
        for name in AMOUNTS
        if (used := getattr(report, name)) is not None and (held := getattr(part, name))
    }
    if part.slr_count == 1:
        return Utilisation(device=device, slr=None)
    slr = {name: round(share * part.slr_count, 4) for name, share in device.items()}
    return Utilisation(device=device, slr=slr)


def beyond_one_slr(report: ResourceReport, part: Part) -> str:
    """Return what of a design does not fit into one SLR of a part, nothing if all of it does.

    SLRs count as equal parts of the device, as in :func:`utilisation`. Of an estimate the upper end
    of the interval has to fit; an amount that is not known is left out.
    """
    for name in AMOUNTS:
        used = getattr(report, f"{name}_high", None) or getattr(report, name)
        held = getattr(part, name) // part.slr_count
        if used is not None and used > held:
            return f"{used:,.0f} {name.upper()} are more than the {held:,} of one SLR"
    return ""
