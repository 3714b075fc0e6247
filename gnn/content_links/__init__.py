"""Links of items that nobody bought: to the items most like them, as strong as likeness is in this shop."""
