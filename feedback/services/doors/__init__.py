"""Doors in: other systems post their JSON, and a mapping says what is stored because of it.

A body is checked and stored first. What is taken from it goes through the same services as imports and the API.
"""
