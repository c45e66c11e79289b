"""The pages on which admins change what the organisation decides."""
