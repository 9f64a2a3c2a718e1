"""SFTP: a folder on a server, uploaded under a hidden name and shown by one rename."""
