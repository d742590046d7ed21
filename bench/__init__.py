"""Our speed, the peers' and the limit's, as ratios in one run: python -m bench."""
