"""All faults, registered by importing who does them."""

from tests.faults import server_faults
from tests.faults.run import FAULTS

__all__ = ["FAULTS", "server_faults"]
