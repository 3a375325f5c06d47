"""Not for sites: what stands here moves without notice."""
