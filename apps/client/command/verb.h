// Verb: the action of a job on its URL. Covered by tests/client/command/option_table_test.cc.
#pragma once

namespace client {

// In the order of the verbs in option_table.cc.
enum class Verb { get, put, head, remove, ls, sync, passwd };

}  // namespace client
