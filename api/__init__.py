"""What `bundles` answers, over HTTP."""
