// The text of --log-heads: the heads of a request and of its response, for debugging a client.
// Pure.
//
// Credentials are masked, so that the content of a log is of no use for logging in.
// Covered by tests/server/log/head_log_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "parser/message.h"

namespace server {

// Whether the values of that field allow logging in, so that no log may contain them.
bool has_credentials(http1::FieldName name);

// Appends to `out` a line with the client's address `remote`, the parsed request head with "> " in
// front of each line, and the `response` head with "< ". Of a head that the parser has rejected,
// `refused_line` is written. Values of credential fields are replaced, and bytes that are not
// printable ASCII become "?".
void format_heads(std::string_view remote, const http1::RequestHead& request,
                  std::string_view refused_line, std::string_view response, std::string& out);

}  // namespace server
