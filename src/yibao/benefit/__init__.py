"""Benefits (待遇): one claim, and a year of them, from scope to the last fen the patient pays."""
