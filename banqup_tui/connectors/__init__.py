"""Accounting systems and channels that can take documents, one file each, behind one small interface.

Found by the entry points of the group `banqup_tui.connectors`: anybody's package can bring one.
"""
