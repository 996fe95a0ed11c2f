"""What the server offers to linkers and programs: IRIs that dereference, a SPARQL endpoint, descriptions of both."""
