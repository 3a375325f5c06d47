"""A computer is signed in by the wallet of a phone (threats 42 to 44)."""
