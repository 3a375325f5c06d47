"""A backend as no site should have one."""

from allauth_moralis.backends.local import LocalBackend, evidence


class Gullible(LocalBackend):
    """Believes every signature."""

    name = "gullible"

    def verify(self, challenge, proof):
        return evidence(challenge, proof, self.name)
