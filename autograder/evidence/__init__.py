"""Evidence: typed, bounded data about what a notebook computed, validated when it is decoded."""
