// Fuzzes TicketKeys::read: the input is a file of ticket keys.
//
// Oracles:
//   - a file is read exactly if it has 80 bytes for each of 1 to 16 keys, and a problem names it
//   - the first key encrypts; each key is found by its name, where two have one name the first
//   - equal files are equal keys, and a file without its last key has others
// Covered by the replay of corpus/ticket_keys in every build.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "apps/crypto/ticket_keys.h"
#include "fuzz/require.h"
#include "fuzz/scratch.h"

namespace {

using crypto::TicketKey;
using crypto::TicketKeys;
using fuzz::require;

const std::string& path_of_file() {
  static const fuzz::Scratch scratch;
  static const std::string path = scratch.path() / "tickets";
  return path;
}

std::shared_ptr<TicketKeys> read(std::string_view bytes, crypto::Problem& problem) {
  const std::string& path = path_of_file();
  std::FILE* const file = std::fopen(path.c_str(), "we");
  require(file != nullptr, "the file can be made");
  if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  ::chmod(path.c_str(), 0600);
  return TicketKeys::read(path, problem);
}

bool equals(const TicketKey& key, std::string_view bytes) {
  return std::memcmp(&key, bytes.data(), TicketKey::bytes) == 0;
}

void check_keys(TicketKeys& keys, std::string_view bytes) {
  require(equals(keys.current(0), bytes), "the first key encrypts");
  require(equals(keys.current(10 * TicketKeys::lifetime_s), bytes), "and is never replaced");
  for (std::size_t i = 0; i < bytes.size(); i += TicketKey::bytes) {
    const std::string_view name = bytes.substr(i, 16);
    std::size_t first = 0;
    while (bytes.substr(first, 16) != name) first += TicketKey::bytes;
    TicketKey key;
    const TicketKeys::Found found =
        keys.find(reinterpret_cast<const unsigned char*>(name.data()), 1, key);
    require(found == (first == 0 ? TicketKeys::Found::current : TicketKeys::Found::older),
            "a key is found by its name");
    require(equals(key, bytes.substr(first)), "a key that is found is that of the file");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of_input(data, size);
  crypto::Problem problem;
  const std::shared_ptr<TicketKeys> keys = read(bytes, problem);
  const bool is_fine =
      size > 0 && size % TicketKey::bytes == 0 && size / TicketKey::bytes <= TicketKeys::most_keys;
  require((keys != nullptr) == is_fine, "a file of whole keys is read, and no other");
  require(problem.text.empty() == is_fine, "a file that is not read has a problem");
  if (!keys) {
    require(problem.text.find(path_of_file()) != std::string::npos, "a problem names the file");
    return 0;
  }
  check_keys(*keys, bytes);
  require(keys->equals(*read(bytes, problem)), "equal files are equal keys");
  const auto fewer = read(bytes.substr(TicketKey::bytes), problem);
  require(!fewer || !keys->equals(*fewer), "other files are other keys");
  return 0;
}
