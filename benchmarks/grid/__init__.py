"""The paper's grid: what to run, how, and what to make of the results."""
