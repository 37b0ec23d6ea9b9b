"""T: recipes and studies."""
