// ArchiveWriter: an archive as bytes, entry by entry, by libarchive.
//
// It writes into memory, so that it never waits: the caller takes the bytes after each step. tar is
// the format of POSIX with pax records only for entries that need them (long names, other
// characters than ASCII, 8 GiB and more). zip is deflated with a data descriptor behind each entry,
// since the checksum is known only then, and ZIP64 for entries of 4 GiB and more: a form that all
// readers of streams understand. docs/decisions/0038-archives.md has the reasons. Covered by
// tests/server/archive/archive_writer_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/plan/archive_terms.h"

struct archive;
struct archive_entry;

namespace server {

struct ArchiveItem {
  std::string_view path;  // without a slash at its end
  bool is_directory = false;
  bool is_executable = false;
  std::uint64_t size = 0;
  std::int64_t mtime_seconds = 0;
};

class ArchiveWriter {
 public:
  // The entries of a zip and their names are in memory until its end: at most these many bytes,
  // enough for a third of a million files. A tar has no such limit.
  static constexpr std::size_t most_directory_bytes = 32 * 1024 * 1024;

  // Throws std::bad_alloc.
  explicit ArchiveWriter(ArchiveFormat format);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  // Each returns false if the archive cannot be completed: memory is exhausted, or there are too
  // many entries. begin() begins an entry, and add() adds to its content, which has item.size bytes
  // in the end. finish() writes the end of the archive. Throws std::bad_alloc.
  [[nodiscard]] bool begin(const ArchiveItem& item);
  [[nodiscard]] bool add(std::string_view bytes);
  [[nodiscard]] bool end_entry();
  [[nodiscard]] bool finish();

  // The bytes written since the last clear().
  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  void clear() { bytes_.clear(); }

 private:
  static std::ptrdiff_t append(struct archive* archive, void* self, const void* bytes,
                               std::size_t size);
  void set_path(const ArchiveItem& item);

  const ArchiveFormat format_;
  struct archive* const archive_;
  struct archive_entry* const entry_;
  std::vector<char> bytes_;
  bool has_failed_ = false;    // bytes were dropped for lack of memory
  bool is_abandoned_ = false;  // the bytes that come are those of the end
  std::string path_;
  std::size_t directory_bytes_ = 0;
};

}  // namespace server
