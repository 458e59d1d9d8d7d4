"""Proofs that take minutes (`make proof`), and what they share with their small versions in `make test`."""
