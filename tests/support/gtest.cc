// Empty: the target that builds the precompiled header of all tests needs a source file.
