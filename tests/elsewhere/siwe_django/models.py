"""siwe-django 0.2: wallets beside any user model, one row for each chain."""

from django.conf import settings
from django.db import models


class SiweWallet(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="siwe_wallets"
    )
    address = models.CharField(max_length=42)
    chain_id = models.PositiveIntegerField()
    is_primary = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}:{self.address}"
