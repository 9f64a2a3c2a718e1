"""A form: labels, fields, boxes to tick and buttons, with what is typed into them."""
