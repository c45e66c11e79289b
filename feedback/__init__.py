"""Survey and feedback system for customer success. Start reading at docs/architecture.md."""

__version__ = "0.1.0"
