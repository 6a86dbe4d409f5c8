"""Documents as files: going out (`outgoing`) and coming in (`incoming`). Neither touches the database."""
