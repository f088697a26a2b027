// Nothing: whose target makes the precompiled header of all tests has to compile something.
