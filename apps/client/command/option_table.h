// The table of quoit's verbs and options: each name, default, limit and help text stands here and
// nowhere else.
//
// Covered by tests/client/command/option_table_test.cc.
#pragma once

#include "apps/options/table.h"

namespace client {

// Its verbs are those of Verb in verb.h, in the same order, and "help".
extern const options::Program program;

}  // namespace client
