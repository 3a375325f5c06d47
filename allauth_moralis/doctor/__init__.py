"""Tries the site's whole configuration for real: ``manage.py moralis_doctor``.

``plan`` lists what is tried on this site, and ``findings`` tries it. Each other module has probes
of one kind. They sign with throw-away keys, and leave nothing behind: no user, no row, no key in
the cache. What they say holds no secret: no API key, no URL of a node, and no text of an exception
that is not ours.
"""
