"""Amazon S3 and servers with its interface: each document is one object."""
