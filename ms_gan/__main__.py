"""python -m ms_gan: the same as the console script ms-gan."""

import sys

from ms_gan.commands import main

if __name__ == "__main__":
    sys.exit(main())
