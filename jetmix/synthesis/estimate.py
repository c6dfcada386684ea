"""The estimate's old place: other programs call ``lut_from_cost`` here."""

from jetmix.resources.lut import lut_from_cost

__all__ = ["lut_from_cost"]
