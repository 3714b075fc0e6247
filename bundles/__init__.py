"""A model artifact and a request in; scored, priced, explained bundles and items out."""
