"""The laboratory of `peers/run`: what installs the peers, stages their trouble, and counts."""
