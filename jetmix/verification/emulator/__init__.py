"""The firmware's function in Python, bit for bit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jetmix.verification.emulator.emulator import Emulator

__all__ = ["Emulator"]


def __getattr__(name: str) -> object:
    """Import the emulator when it is asked for: its modules are used by what it uses itself."""
    if name == "Emulator":
        from jetmix.verification.emulator.emulator import Emulator

        return Emulator
    raise AttributeError(name)
