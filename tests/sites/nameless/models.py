from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class Customer(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True, null=True)  # noqa: DJ001 - many have none, and "" is unique
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = BaseUserManager()

    USERNAME_FIELD = "email"
