"""Edge tables in, an immutable model artifact out. What answers reads the artifact without torch."""
