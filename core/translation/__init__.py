"""English stands in the code; what a visitor reads is in the language of the visitor's session."""
