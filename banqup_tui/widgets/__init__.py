"""Widgets: they draw domain values and tell the screen what the user does. They read nothing and know no screen."""
