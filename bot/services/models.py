"""The sentence model for the bot: as it was kept, else as it ships."""

from pathlib import Path

from bot import logs
from bot.core.matching.semantic import SentenceModel, find_model

log = logs.get(__name__)


def model_for(named: str, folder: Path | None) -> SentenceModel | None:
    """`find_model`, kept in `folder` for the next start; a folder that cannot be used costs memory, not the service.

    Raises SettingsError as `find_model` does.
    """
    if folder is not None:
        try:
            return find_model(named, folder)
        except OSError as error:
            log.warning("model_not_kept", error=type(error).__name__)
    return find_model(named)
