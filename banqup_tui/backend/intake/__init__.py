"""Intake of files: documents, clients, unfiled documents, watched folders and the SFTP drop."""
