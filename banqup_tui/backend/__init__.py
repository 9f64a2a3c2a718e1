"""The service: routes, tables and migrations, intake, planner and dispatch, files."""
