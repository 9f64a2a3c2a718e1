"""Sends what is due: claims deliveries, runs their attempts side by side, writes down the results."""
