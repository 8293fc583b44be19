"""Parametrised hardware: functions that return a `Hardware`, one family a file."""
