"""A process of its own for the SFTP drop: what strangers and senders make it work on does not hold up the service.

The service starts it and answers what it asks: who may come in, and to keep a file for good. Only then does the sender
hear that it went well. They talk over a pair of sockets that nobody else has, and it ends with the service.
"""
