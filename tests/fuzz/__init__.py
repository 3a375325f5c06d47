"""Foreign input of every kind: what a fuzzer finds in it, and what Hypothesis does."""
