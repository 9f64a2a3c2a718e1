"""How files come in: documents, clients, unfiled files, watched folders and the SFTP drop."""
