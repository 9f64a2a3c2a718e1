"""Sources of documents: watched folders, the SFTP drop, and the sorter that finds client and folder."""
