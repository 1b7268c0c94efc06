"""From the journal to tables, pictures and pages."""
