"""The settings of a fault whose processes hear each other badly: DJANGO_SETTINGS_MODULE=tests.faults.settings."""

from collabdocs.settings import *  # noqa: F403
from collabdocs.settings import RABBITMQ_URL

CHANNEL_LAYERS = {"default": {"BACKEND": "tests.faults.lossy_layer.LossyLayer", "CONFIG": {"host": RABBITMQ_URL}}}
