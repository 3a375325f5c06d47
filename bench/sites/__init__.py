"""Settings of the sites that are measured. Each reads the same environment as the demo's."""
