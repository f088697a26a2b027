// The page of a directory: its frame and its rows, as HTML. Pure.
//
// The frame is pages/directory/page.html, filled. Everything on the page but search and writing
// works without its script: columns are sorted by submit buttons, which crawlers do not follow.
// Covered by tests/server/pages/directory_page_test.cc, listing_test.cc, fuzz/listing_fuzzer.cc and
// tests/browser/.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/server/pages/order.h"

namespace server {

// The things that the asker may do with the entries of a directory, which its page then offers.
struct PageRights {
  bool upload = false;     // PUT of files that do not exist, MKCOL
  bool replace = false;    // PUT, DELETE of files that exist
  bool rename = false;     // MOVE
  bool resumable = false;  // uploads can be resumed
  bool sign_in = false;    // a password may give the asker more rights
  bool archives = false;   // the directory is sent as tar or zip

  bool operator==(const PageRights&) const = default;
};

// The query of the button "Sign in".
inline constexpr std::string_view sign_in_query = "sign-in=";

// The entries of a directory, summed up.
struct DirectorySum {
  std::uint64_t directories = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of the files

  void add(const Entry& entry);
};

// The page of the directory `path` (as Intent::path, "." for the root) around its rows.
struct DirectoryFrame {
  std::string begin;   // up to the style
  std::string middle;  // from behind the style up to the rows
  std::string end;     // from behind the rows
};
DirectoryFrame write_frame(std::string_view path, const DirectorySum& sum, ListingOrder order,
                           PageRights rights);

// Writes the row of an entry. Returns its size; 0 where `space` is too small for it, which
// Generated::least_space never is.
std::size_t write_html_row(const Entry& entry, std::span<char> space);

}  // namespace server
