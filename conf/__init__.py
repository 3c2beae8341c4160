"""The yaml files that a run is composed of."""
