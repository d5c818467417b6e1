"""Measures, each as one command; `make bench` runs them all."""
