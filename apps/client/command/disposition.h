// The file name that a server suggests in Content-Disposition, for --remote-header-name.
//
// RFC 6266: the parameter filename*, whose value is UTF-8 or ISO-8859-1 and percent-encoded (RFC
// 8187), comes before filename. Only the last segment counts, behind any slash and backslash. Pure.
// Covered by tests/client/command/disposition_test.cc and the fuzz target disposition.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace client {

// The name; nothing where there is none, or none that a server may choose: an empty or hidden one
// (".profile"), one with a control character or with bytes that are no UTF-8, or of more than 255
// bytes.
[[nodiscard]] std::optional<std::string> suggested_name(std::string_view content_disposition);

}  // namespace client
