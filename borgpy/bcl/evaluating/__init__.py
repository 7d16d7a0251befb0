"""What evaluation is made of: frames, layers, records, calls, and the meter that counts it all."""
