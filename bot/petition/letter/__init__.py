"""The letter that people sign, and its versions."""
