"""HTTP interface of the service: application, routes, authentication, commands and reads."""
