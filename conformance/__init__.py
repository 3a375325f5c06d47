"""The official clients of the Moralis Auth API against the emulator: ``make conformance``."""
