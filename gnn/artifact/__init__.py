"""The model artifact: what training saves and serving reads."""
