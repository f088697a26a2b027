// Errors of the parser as clauses, for sentences that quoit writes around them.
//
// Covered by tests/client/command/clause_test.cc.
#pragma once

#include <string>

#include "parser/error.h"

namespace client {

// http1::describe(error), which is a sentence, without its capital and its full stop.
[[nodiscard]] std::string clause(http1::Error error);

}  // namespace client
