"""Webhooks to other systems: endpoints, the bodies of events, deliveries and their log.

Events are stored by `services.changes`, in the transaction of the change.
"""
