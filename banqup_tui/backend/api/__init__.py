"""The service's HTTP interface: the application, its routes, who may ask, and what a copy is sent."""
