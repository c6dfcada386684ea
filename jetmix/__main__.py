"""Lets ``python -m jetmix`` do what the ``jetmix`` command does."""

from jetmix.cli.main import main

if __name__ == "__main__":
    main()
