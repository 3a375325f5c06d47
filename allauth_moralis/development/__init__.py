"""A wallet for developers: accounts whose keys the server holds, on this machine only.

Anyone who reaches it can sign in as its accounts. So ``reach`` decides who does: a browser on this
machine, while ``DEBUG`` is on. ``keys`` makes the accounts, ``contracts`` has the contract wallets
that they own, and ``views`` lets all of them sign.
"""
