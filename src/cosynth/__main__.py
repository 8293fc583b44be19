"""`python -m cosynth` is the command `cosynth`."""

from cosynth.cli import main

if __name__ == "__main__":
    main()
