"""A computer without a wallet is signed in by the wallet of a phone, in the terms of RFC 8628."""
