"""The challenge for single-page and mobile applications, beside ``allauth.headless``."""
