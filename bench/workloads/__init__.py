"""The workloads: one module each, with its physical limit in a sentence."""
