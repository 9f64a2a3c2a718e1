"""Connector for Amazon S3 and compatible servers: each document becomes one object."""
