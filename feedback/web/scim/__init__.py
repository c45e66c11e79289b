"""SCIM 2.0: the provider's program adds, changes and disables staff (RFC 7643, RFC 7644)."""
