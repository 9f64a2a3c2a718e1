"""Tryton: each document becomes an incoming document."""
