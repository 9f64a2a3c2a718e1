"""A process of its own for connectors that work much for every byte: encrypting, taking apart, putting together.

The service goes on answering meanwhile, and both have a processor. They talk over a pair of sockets that nobody else
has. When the service is no more, whatever ended it, the carrier ends at once; where the carrier ends, what was being
sent is told as cut off, and the next one is started.
"""
