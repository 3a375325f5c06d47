"""django-allauth's own tests, bare and with our app and mixins, which must not change them."""
