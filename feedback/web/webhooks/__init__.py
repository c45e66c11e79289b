"""The pages on which admins say which other systems are told of what."""
