"""An emulator of the Moralis Auth API, to work without a key or a network. It is not the service.

It follows recordings of the service and its OpenAPI description. Where neither says what the
service does, a field of ``Behaviour`` decides, so that a client can be tested with every
possibility.
"""

from .faults import NAMES
from .server import Emulator
from .service import CHOICES, AuthService, Behaviour

__all__ = ["CHOICES", "NAMES", "AuthService", "Behaviour", "Emulator"]
