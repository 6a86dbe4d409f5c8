"""The channel layer as its promise allows it to be: at most most of it, at some time, in some order."""

import logging
import os
from collections import Counter
from random import Random
from typing import Any

from channels_rabbitmq.util import Recipient

from collabdocs.layers import RabbitmqLayer

logger = logging.getLogger(__name__)

LOST, DOUBLED, DELAYED = 0.2, 0.2, 0.2  # of all that arrives, each thrown for on its own
LONGEST = 5.0  # seconds; what is delayed comes behind what was sent after it
TOLD_AT = 5  # how many of a kind, once: into the log


class LossyLayer(RabbitmqLayer):
    """Each process misses something else. SEED sets the dice, for processes at the same PORT."""

    def __init__(self, host: str, **options: Any) -> None:
        self._dice = Random(f"{os.environ.get('SEED')} {os.environ.get('PORT')}")
        self._done: Counter[str] = Counter()
        super().__init__(host, **options)

    def _take(self, recipient: Recipient, message: dict[str, Any]) -> None:
        if self._happens(LOST, "lost"):
            return
        for _ in range(2 if self._happens(DOUBLED, "doubled") else 1):
            delay = self._dice.uniform(0, LONGEST) if self._happens(DELAYED, "delayed") else 0
            self._loop.call_later(delay, super()._take, recipient, message)

    def _happens(self, chance: float, harm: str) -> bool:
        happens = self._dice.random() < chance
        self._done[harm] += happens
        if happens and self._done[harm] == TOLD_AT:
            logger.warning("the layer has %s %d messages", harm, TOLD_AT)
        return happens
