"""Training of recommendations: neighbours of artists and tracks, and tracks for people."""

from gateway.training.run import TrainingSummary, train

__all__ = ["TrainingSummary", "train"]
