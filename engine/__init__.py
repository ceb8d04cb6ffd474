"""The engine: the papers, their mathematics and how a run is run. Nothing here imports Qt."""
