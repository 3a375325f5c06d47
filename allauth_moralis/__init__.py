"""Sign in with a crypto wallet: a django-allauth provider over the Moralis Auth API."""
