"""Connector that sends each document as an attachment to the address of its folder."""
