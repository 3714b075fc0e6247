"""Public data sets as ordinary exports, a module a data set."""
