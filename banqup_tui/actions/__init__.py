"""What a user can do: one file each, and one object from which come key, footer, help, palette, menu and docs."""
