"""Actions: the things a user can do, one file each. Key, footer, help, palette, menu and docs come from them."""
