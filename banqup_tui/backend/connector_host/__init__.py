"""Connector hosts: the processes in which connectors run.

A host has no database, no vault and no token of the service. It is given the settings of an integration and one
document at a time. All connectors of this program share one host. The connectors of another package have a host of
their own, and the code of the package runs nowhere else.

A host ends when the service ends, whatever the reason. If a host ends first, its attempts end as cut off: not sent
before the mark, uncertain after it. The next attempt starts a new host.
"""
