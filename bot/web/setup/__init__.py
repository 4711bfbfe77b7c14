"""The set-up in the browser: from a server without an App to the first delivery."""
