// The status page of the admin listener: one HTML page with its style and its script in it, which
// draws what /status.json says. Pure.
//
// The page is made of the files in status/ when the build is configured (cmake/pages.cmake).
// Covered by tests/server/pages/status_page_test.cc and tests/end_to_end/status_in_chromium_test.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace server {

// A line of the table that browsers without scripts show. Both texts are words and numbers of this
// program, without characters that HTML has to escape.
struct StatusRow {
  std::string_view name;
  std::string value;
};

std::string write_status_page(std::span<const StatusRow> rows);

// The value of Content-Security-Policy for the page: its own style and script by their hashes, and
// requests to its own origin.
std::string_view status_page_policy();

// The parts of the page, which the build makes: the text before and behind the rows of the table.
std::string_view status_page_begin();
std::string_view status_page_end();

}  // namespace server
