// The text of --log-heads: both heads of an exchange, for a person who debugs a client. Pure.
//
// Credentials are masked: whoever reads a log must not be able to log in with it.
// Covered by tests/server/log/head_log_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "parser/message.h"

namespace server {

// Appends the request's head as parsed, one line a field with "> " before it, and `response` as it
// will be sent, with "< ". Values of credential fields are replaced.
void format_heads(std::string_view remote, const http1::RequestHead& request,
                  std::string_view response, std::string& out);

}  // namespace server
