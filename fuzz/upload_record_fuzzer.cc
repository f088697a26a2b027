// Fuzzes the reader of the record of an unfinished upload: the input is the file.
//
// Oracles:
//   - a record that was read is written as it was: a record has one text
//   - its URLs and its path can stand in a line: no line feed, no NUL
//   - no beginning of a record is a record
// Covered by the replay of corpus/upload_record in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/upload_record.h"
#include "fuzz/require.h"

namespace {

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char byte) { return byte == '\n' || byte == '\0'; });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using client::UploadRecord;
  using fuzz::require;
  const std::string_view text = fuzz::text_of_input(data, size);
  const std::optional<UploadRecord> record = client::read_upload_record(text);
  if (!record) return 0;
  require(client::write_upload_record(*record) == text, "a record is written as it was read");
  require(is_line(record->url) && is_line(record->file) && is_line(record->upload),
          "each text is a line");
  for (std::size_t cut = 0; cut < std::min<std::size_t>(text.size(), 300); ++cut) {
    require(!client::read_upload_record(text.substr(0, cut)), "the beginning of a record is none");
  }
  return 0;
}
