"""Settings of sites that differ from the demo in one thing each."""
