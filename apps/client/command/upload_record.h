// The record of an unfinished upload: which version of which file is on its way to which URL, and
// where the server has it.
//
// A text of one fact a line, so that a person can read it:
//
//     quoit-upload 1
//     url http://127.0.0.1:8080/big.iso
//     file /home/alice/big.iso
//     size 1073741824
//     modified 1796068800123456789
//     inode 1234567
//     terms 0123456789abcdef
//     upload http://127.0.0.1:8080/.quoit-5b0e1f7a.upload
//     end
//
// A record without its last line was being written when quoit was killed, and counts as none, as
// does any text that differs from this form.
//
// Pure. Covered by tests/client/command/upload_record_test.cc and the fuzz target upload_record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/plan.h"

namespace client {

// One version of a file, as far as the file system tells.
struct FileVersion {
  std::uint64_t size = 0;        // bytes
  std::int64_t modified_ns = 0;  // since 1970
  std::uint64_t inode = 0;

  bool operator==(const FileVersion&) const = default;
};

struct UploadRecord {
  std::string url = {};   // of the file, without credentials
  std::string file = {};  // its path here, from the root
  FileVersion version = {};
  std::uint64_t terms = 0;  // see terms_of()
  std::string upload = {};  // the URL at which the upload goes on, without credentials
};

// The hash of what the server keeps of the first request: an upload that was begun under other
// conditions, or with other fields, is not gone on with.
[[nodiscard]] std::uint64_t terms_of(const Settings& settings, const Condition& condition);

// The largest record that is read or written, in bytes: two URLs and a path.
inline constexpr std::size_t most_upload_record_bytes = 256 * 1024;

// The text of a record; empty where it cannot be written: a line feed in a text, or too many bytes.
[[nodiscard]] std::string write_upload_record(const UploadRecord& record);

[[nodiscard]] std::optional<UploadRecord> read_upload_record(std::string_view text);

}  // namespace client
