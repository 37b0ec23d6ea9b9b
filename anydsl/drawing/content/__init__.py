"""What a drawing shows, without places and colours: a network, its stages and their blocks."""
