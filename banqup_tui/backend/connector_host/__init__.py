"""The connector host: a separate process for connectors that use much processor time for each byte (encryption).

The service goes on answering meanwhile and both processes use a processor of their own. They talk over a socket pair
that no other process has. The host ends when the service ends, whatever the reason. If the host ends first, its
attempts end as cut off: not sent before the mark, uncertain after it. The next attempt starts a new host.
"""
