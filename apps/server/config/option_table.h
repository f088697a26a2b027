// The table of quoitd's options: each name, default, limit and help text stands here and nowhere
// else.
//
// Covered by tests/server/config/option_table_test.cc.
#pragma once

#include "apps/options/table.h"

namespace server {

extern const options::Program program;

}  // namespace server
