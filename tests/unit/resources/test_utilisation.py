from jetmix.firmware.parts import find_part
from jetmix.resources.report import ResourceReport
from jetmix.resources.utilisation import Utilisation, utilisation


def report(**amounts):
    return ResourceReport(origin="post-route", part=None, **amounts)


def test_share_of_device_and_of_one_slr():
    shares = utilisation(report(lut=172800, ff=34560, dsp=0), find_part("xcvu13p"))
    assert shares == Utilisation(
        device={"lut": 10.0, "ff": 1.0, "dsp": 0.0}, slr={"lut": 40.0, "ff": 4.0, "dsp": 0.0}
    )


def test_a_part_of_one_region_and_without_uram():
    shares = utilisation(report(lut=53200, uram=0, bram18=28), find_part("xc7z020"))
    assert shares == Utilisation(device={"lut": 100.0, "bram18": 10.0}, slr=None)
