"""Views that tabs share."""
