// Fuzzes the reader of Content-Disposition: the input is the value of the field.
//
// Oracles:
//   - a name is one segment: not empty, not hidden, without slashes and control characters, of at
//     most 255 bytes of UTF-8
//   - the name, quoted and suggested again, is the name
// Covered by the replay of corpus/disposition in every build.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/disposition.h"
#include "apps/client/command/printable.h"
#include "fuzz/require.h"
#include "parser/utf8.h"

namespace {

using fuzz::require;

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = fuzz::text_of_input(data, size);
  const std::optional<std::string> name = client::suggested_name(value);
  if (!name) return 0;
  require(!name->empty() && name->size() <= 255, "a name has 1 to 255 bytes");
  require(name->front() != '.', "a name is not hidden");
  require(name->find_first_of(std::string_view("/\\\0", 3)) == std::string::npos,
          "a name is one segment");
  require(!client::has_control(*name) && http1::is_utf8(*name), "a name is text");
  std::string quoted = "attachment; filename=\"";
  for (const char byte : *name) {
    if (byte == '"') quoted += '\\';
    quoted += byte;
  }
  require(client::suggested_name(quoted + "\"") == name, "a name is read as it was written");
  return 0;
}
