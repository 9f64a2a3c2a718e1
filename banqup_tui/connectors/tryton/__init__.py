"""Connector that makes each document an incoming document in Tryton."""
