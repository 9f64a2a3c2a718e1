"""How things are written, for the screen and the command line alike: words, amounts, dates, signs. No screen in it."""
