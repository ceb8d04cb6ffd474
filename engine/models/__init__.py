"""The mathematics of each paper: modules, update rules, samplers, energies, and nothing else."""
