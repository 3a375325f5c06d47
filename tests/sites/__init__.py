"""Settings of sites: some differ from the demo in one thing each, others from ``plain``."""
