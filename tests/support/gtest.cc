// Nothing: the target that all tests have GoogleTest's precompiled header from must compile something.
