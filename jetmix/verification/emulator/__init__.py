"""The firmware's function in Python, bit for bit."""

from jetmix.verification.emulator.emulator import Emulator

__all__ = ["Emulator"]
