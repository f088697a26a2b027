// Fuzzes the reader of the record of an unfinished download: the input is the file.
//
// Oracles:
//   - a record that was read is written and read again as it was
//   - its validator can stand in a request: no line feed, no other control byte
//   - no beginning of a record is a record
// Covered by the replay of corpus/part_record in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/part_record.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using client::PartRecord;
  using fuzz::require;
  const std::string_view text = fuzz::text_of_input(data, size);
  const std::optional<PartRecord> record = client::read_record(text);
  if (!record) return 0;
  const std::string& validator = record->version.validator;
  require(std::none_of(validator.begin(), validator.end(),
                       [](char byte) { return static_cast<unsigned char>(byte) < 0x20; }),
          "a validator has no control bytes");
  const std::string written = client::write_record(*record);
  const std::optional<PartRecord> again = client::read_record(written);
  require(again && again->url == record->url && again->version.validator == validator &&
              again->version.size == record->version.size,
          "a record is read as it was written");
  for (std::size_t cut = 0; cut < std::min<std::size_t>(written.size(), 300); ++cut) {
    require(!client::read_record(std::string_view(written).substr(0, cut)),
            "the beginning of a record is none");
  }
  return 0;
}
