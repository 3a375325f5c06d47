"""Sign in with X (CAIP-122): wallets, the text that they sign, and whether they signed it.

Pure: nothing here knows a request, a database or HTTP.
"""
