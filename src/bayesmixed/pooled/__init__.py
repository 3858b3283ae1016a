"""No pooling, partial pooling, complete pooling: estimates, errors, table, pictures, explorer."""
