// Texts for a Problem, for the sources of this library.
//
// Covered by tests/crypto/server_context_test.cc.
#pragma once

#include <string>

#include "apps/crypto/problem.h"

namespace crypto {

// The reason of the newest error in OpenSSL's queue of this thread, such as "no shared cipher".
// Empties the queue.
std::string take_error_text();

// For an allocation of OpenSSL that has failed. Empties the queue of errors.
Problem out_of_memory();

}  // namespace crypto
