"""The Python API, one function per command: ``import jetmix as jm``.

Each function does what the command of the same name does, with the same defaults, and returns an
object that is also a folder on disk: :func:`open_run` and :func:`open_firmware` open it again. What
goes wrong raises a :class:`jetmix.errors.JetmixError`, whose message says how to mend it.
"""
