"""WebDAV, Nextcloud among others: a folder, with the same rename as SFTP."""
