"""Training with EBOPs in the loss, and the Pareto front of accuracy against EBOPs."""
