from django.contrib.auth.models import AbstractUser
from django.db import models


class Caller(AbstractUser):
    phone = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - unique
    phone_verified = models.BooleanField(default=False)
