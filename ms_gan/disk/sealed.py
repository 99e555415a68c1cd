"""JSON files that vouch for themselves: beside what they hold stands its SHA-256, the seal.

A changed bit that leaves valid JSON, such as another seed, is noticed so. Files of runs made before there were seals
hold none, and are taken as they are.
"""

import hashlib
import json
from pathlib import Path

from ms_gan.disk.reading import read_bytes
from ms_gan.disk.writing import write_text

LARGEST = 2**20  # bytes; a recipe.json has about a thousand
SEAL = "seal"


def write(path: Path, content: dict) -> None:
    """Writes a JSON object, whole, with its seal.

    Raises:
        OSError: the file cannot be written.
    """
    write_text(path, json.dumps({**content, SEAL: _seal(content)}, indent=1) + "\n")


def read(path: Path, unsealed: bool = True) -> dict | None:
    """The object that a file holds, without its seal; None if the file cannot be read, or is not as it was written.

    Args:
        path: the file.
        unsealed: whether a file without a seal is taken, too.
    """
    try:
        content = json.loads(read_bytes(path, LARGEST).decode("utf-8"))
        seal = content.pop(SEAL, None) if isinstance(content, dict) else None
        if not isinstance(content, dict) or seal not in (_seal(content), None if unsealed else ""):
            return None
    except (OSError, ValueError, RecursionError):
        return None
    return content


def _seal(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
