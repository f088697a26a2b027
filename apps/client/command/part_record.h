// The record beside an unfinished download: which version of which file its bytes are of.
//
// A text of one fact a line, so that a person can read it:
//
//     quoit-part 1
//     url http://127.0.0.1:8080/big.iso
//     validator "18ecd4a1f418f05f-30d40"
//     size 1073741824
//     done 0-1048575,536870912-537919487
//     end
//
// The line "size" is left out where the size is not known. The line "done" is written where
// several connections get ranges of the file: it lists the bytes that have been downloaded, or says
// "none", and all other bytes of the part file mean nothing. Without the line, all bytes of the
// part file have been downloaded. A record without its last line was being written when quoit was
// killed, and counts as none, as does any text that differs from this form.
//
// Pure. Covered by tests/client/command/part_record_test.cc and the fuzz target part_record.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/transfer.h"

namespace client {

struct PartRecord {
  std::string url = {};  // without credentials
  Version version = {};  // with a validator
  // The parts that are there, of a file whose size is known; none: as many bytes as the part file
  // has.
  std::optional<std::vector<ByteRange>> done = {};
};

// The largest record that is read or written, in bytes: a URL and a validator fit in a head each.
inline constexpr std::size_t most_record_bytes = 128 * 1024;

// The text of a record; empty where it cannot be written: a URL with a line feed, a validator that
// is neither a strong ETag nor a date, or too many bytes.
[[nodiscard]] std::string write_record(const PartRecord& record);

[[nodiscard]] std::optional<PartRecord> read_record(std::string_view text);

}  // namespace client
