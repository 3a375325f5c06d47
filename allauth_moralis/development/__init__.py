"""A wallet for developers: accounts whose keys the server holds, on this machine alone.

Whoever reaches it can sign in as its accounts, so ``reach`` decides who does: a browser on this
machine, while ``DEBUG`` is on. ``keys`` makes the accounts, ``views`` has them sign.
"""
