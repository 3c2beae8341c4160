"""Studies of the symmetry test: data with known breaks, a store of results, tables, pictures."""
