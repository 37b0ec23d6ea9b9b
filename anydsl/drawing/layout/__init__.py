"""Where things stand: sizes of texts, dataflow in rows and lanes, panels side by side."""
