"""django-siwe-auth 0.3: a user model whose primary key is the address."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Wallet(AbstractBaseUser):
    ethereum_address = models.CharField(max_length=42, primary_key=True)
    ens_name = models.CharField(max_length=255, blank=True, null=True)  # noqa: DJ001 - as it is there
    created = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)
    is_admin = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)

    USERNAME_FIELD = "ethereum_address"
    objects = BaseUserManager()

    def __str__(self) -> str:
        return self.ethereum_address

    @property
    def is_staff(self) -> bool:
        return self.is_admin
