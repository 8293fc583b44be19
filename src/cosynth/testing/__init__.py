"""Conformance suites: a new optimiser inherits its tests, here and in other people's packages."""
