"""The Moralis Auth API: the backend, and everything that speaks its wire format."""

from .backend import MoralisBackend

__all__ = ["MoralisBackend"]
