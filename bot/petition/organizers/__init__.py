"""What organizers decide: their commands, the settings file, and the rules that follow from both."""
