"""What every server does at its start: refuse a mix of settings that is unsafe, and tell what is in use."""

import logging

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from collabdocs import tracing
from collabdocs.checks import TAG
from collabdocs.in_use import in_use

logger = logging.getLogger(__name__)


def begin() -> None:
    """Raises ImproperlyConfigured, with all errors and what to do about each; doubts are written into the log."""
    found = run_checks(tags=[TAG])
    if errors := [message for message in found if message.is_serious() and not message.is_silenced()]:
        raise ImproperlyConfigured("\n".join(map(str, errors)))
    for message in found:
        if not message.is_silenced():
            logger.warning("%s", " ".join(str(message).split()))
    tracing.begin()
    logger.info("%s", in_use())
