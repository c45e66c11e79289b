"""Campaigns: a person asks a segment or a list of contacts, once or in waves.

A campaign is a stage of the journey that a person starts (`core.campaign.as_stage`). Its contacts are enrolled like
those of every other stage, and everything after that is the journey's: the contact policy, the outbox, reminders.
"""
