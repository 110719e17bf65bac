"""Text files that an operator names on the command line."""

from pathlib import Path

from core.errors import ConfigError


def read_text(path: Path, bytes_max: int) -> str:
    """Read a UTF-8 file as it stands, of ``bytes_max`` bytes at the most.

    Raises:
        ConfigError: it cannot be read, is larger, or is no UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
        if len(data) > bytes_max:
            raise ConfigError(f"{path}: larger than {bytes_max} bytes")
        return data.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
