// For tests of archives: what an archive contains, by the readers of libarchive.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace server::lab {

// The paths of an archive and what the files contain; directories have a slash at the end and no
// content. `is_whole` is set to whether the archive could be read to its end.
inline std::map<std::string, std::string> unpack(std::string_view bytes, bool& is_whole) {
  std::map<std::string, std::string> all;
  struct archive* const reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_support_format_zip_streamable(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  struct archive_entry* entry = nullptr;
  int result = ARCHIVE_OK;
  while ((result = archive_read_next_header(reader, &entry)) == ARCHIVE_OK ||
         result == ARCHIVE_WARN) {
    std::string content;
    char piece[4096];
    la_ssize_t count = 0;
    while ((count = archive_read_data(reader, piece, sizeof piece)) > 0) {
      content.append(piece, static_cast<std::size_t>(count));
    }
    if (count < 0) {
      result = ARCHIVE_FATAL;
      break;
    }
    const bool is_new = all.emplace(archive_entry_pathname(entry), std::move(content)).second;
    EXPECT_TRUE(is_new) << archive_entry_pathname(entry);
  }
  is_whole = result == ARCHIVE_EOF;
  archive_read_free(reader);
  return all;
}

// Of a whole archive.
inline std::map<std::string, std::string> unpack(std::string_view bytes) {
  bool is_whole = false;
  auto all = unpack(bytes, is_whole);
  EXPECT_TRUE(is_whole);
  return all;
}

}  // namespace server::lab
