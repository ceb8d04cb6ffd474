"""Application, main window, rail, theme, session bridge, home, scorecard."""
