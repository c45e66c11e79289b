"""The pages on which admins choose which other systems are notified of what."""
