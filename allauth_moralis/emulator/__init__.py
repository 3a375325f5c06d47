"""A stand-in of the Moralis Auth API, for work without a key or a network. It is not the service.

What the service does is taken from its recordings and its OpenAPI description; where neither says
what it does, a field of ``Behaviour`` decides, so that a client can be tried with every answer.
"""

from .faults import NAMES
from .server import Emulator
from .service import CHOICES, AuthService, Behaviour

__all__ = ["CHOICES", "NAMES", "AuthService", "Behaviour", "Emulator"]
