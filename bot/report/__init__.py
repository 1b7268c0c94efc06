"""From the journal to tables, pictures and pages; pandas lives here."""
