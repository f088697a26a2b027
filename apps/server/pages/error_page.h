// The page for an error, in the look of the pages of directories. Pure.
//
// Covered by tests/server/pages/error_page_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace server {

struct ErrorPage {
  int status = 0;
  std::string_view reason;    // as in the status line
  std::string_view sentence;  // without a capital at its beginning and a full stop at its end
  std::string_view path;      // of the request, as it was sent; empty: it is not valid
};

// The bytes of an error page, at most.
inline constexpr std::size_t most_error_page_bytes = 16384;

// Writes the page into `space`, of most_error_page_bytes. Returns its size. Its links lead to the
// directory above the path and to the root; both are relative, since a proxy may serve the root
// below a path of its own.
[[nodiscard]] std::size_t write_error_page(const ErrorPage& page, std::span<char> space);

}  // namespace server
