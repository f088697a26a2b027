// Request and response fields whose values are credentials: a head is shown without them.
//
// Pure. A redirect to another server must not carry these fields either; request.h sees to that.
// Covered by tests/client/command/private_fields_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "parser/names.h"

namespace client {

// Says whether a request field of that name carries credentials: Authorization, Cookie and
// Proxy-Authorization.
[[nodiscard]] bool is_private(http1::FieldName name);

// A head for --verbose: each line behind `mark` and a space, line feeds only, no blank line, and
// "***" in place of the values of private fields and of Set-Cookie.
[[nodiscard]] std::string shown_head(std::string_view head, char mark);

}  // namespace client
