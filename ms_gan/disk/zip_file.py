"""What goes wrong while a zip file is read: is it the file, or the machine?"""

import contextlib
import errno
import zipfile
from collections.abc import Iterator


@contextlib.contextmanager
def damage_told() -> Iterator[None]:
    """Makes BadZipFile of whatever damaged bytes lead zipfile to: zlib.error, EOFError, … For calls of zipfile alone.

    Raises:
        zipfile.BadZipFile: the bytes are no zip file, or a damaged one.
        OSError: the machine could not read them; with that nothing is said of the file.
        MemoryError: there was no memory for them.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        for cause in (error, error.__context__):  # zipfile, too, makes BadZipFile of an OSError
            if isinstance(cause, OSError) and cause.errno not in (None, errno.EINVAL):
                raise cause from None
        # EINVAL: damaged bytes send the reader to before the file's beginning.
        raise zipfile.BadZipFile(str(error)) from error
