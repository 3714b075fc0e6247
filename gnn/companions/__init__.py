"""What goes into a basket beside what is given: the chances that bundles are composed by."""
