"""Adapters to the outside world, one a file, each the only importer of its library."""
