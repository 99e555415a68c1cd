"""The subcommands that take a file of weights, and the options that all of them have."""

from typing import Annotated

import tyro

RecipeName = Annotated[
    str | None,
    tyro.conf.arg(
        metavar="NAME",
        help="The recipe of a file that lies in no run's folder, such as dcgan-faces; gan unless given.",
    ),
]
ZeroToOne = Annotated[
    bool,
    tyro.conf.arg(
        help="The network was trained on pixels in [0, 1], as in MindSpore's tutorial on DCGAN, and not in [-1, 1]."
    ),
]
