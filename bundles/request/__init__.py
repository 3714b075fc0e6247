"""What a request asks: schemas, its constraints against the catalogue, the visitor's context."""
