"""Connectors deliver documents to accounting systems and channels.

They are found by the entry point group `banqup_tui.connectors`, which other packages can use too.
"""
