from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class ColleagueManager(BaseUserManager["Colleague"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Colleague":
        colleague = self.model(email=self.normalize_email(email), **fields)
        colleague.set_password(password)
        colleague.save(using=self._db)
        return colleague


class Colleague(AbstractUser):
    """Known by an e-mail address, and called by one name.

    ``null=True`` and ``__str__`` are what ``manage.py check`` asked for when wallets came.
    """

    username = None
    first_name = None
    last_name = None
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(unique=True, null=True, blank=True)

    objects: ClassVar = ColleagueManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = []

    def __str__(self) -> str:
        return self.name or self.email or f"colleague {self.pk}"
