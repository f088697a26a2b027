// Counts what is allocated, so that a test can say that nothing is.
//
// Linking allocations.cc replaces the global operator new; it stands in a file of its own because
// compilers pair inlined news and deletes, and would see a mismatch.
#pragma once

#include <cstddef>

// How many allocations this thread has made.
std::size_t allocations();
