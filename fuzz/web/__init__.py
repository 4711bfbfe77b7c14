"""Ask a running bot over HTTP what strangers may ask, and more."""
