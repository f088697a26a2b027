// PageFiles: the files of pages/directory/, which the build writes into a source
// (cmake/pages.cmake).
//
// Names between two @ in the pages are places that fill() (page_text.h) fills. Covered by
// tests/server/pages/directory_page_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace server {

struct PageFiles {
  std::string_view page_begin;   // of the page of a directory: up to its style
  std::string_view page_middle;  // from behind the style up to the rows
  std::string_view page_end;
  std::string_view error;
  std::string_view style;
  std::string_view script;
  std::string_view script_name;  // its path below the root: hidden, with the hash of its content
  std::string_view script_integrity;  // the attribute of that name
  std::uint64_t version;              // differs between builds whose pages differ
  // The field lines of all these pages: their policy, which permits only this style and this
  // script, and nosniff. Each line has its CR LF.
  std::string_view field_lines;
};

const PageFiles& page_files();

}  // namespace server
