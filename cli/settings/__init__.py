"""Types of all settings: what a value may be, in words and as a check, without torch."""
