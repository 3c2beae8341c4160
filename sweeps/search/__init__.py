"""Searches: Optuna chooses the values of each trial, and ``sweep.py`` runs the trials."""
