"""The terminal in which accountants work through their clients' documents."""

__version__ = "0.6.0"
