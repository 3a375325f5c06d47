"""Endpoints for single-page and mobile applications, which complement ``allauth.headless``."""
