"""Not for sites: anything in here may change without notice."""
