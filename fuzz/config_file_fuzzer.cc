// Fuzzes read_config_text: the input is a configuration file of any bytes.
//
// Oracles:
//   - a name consists of the bytes that a name may have, and a value has no NUL
//   - lines are in order and within the text; a problem has a line and a sentence of one line
//   - settings that are written and read again are equal, as words and as strings
//   - a byte order mark, or CR LF at the ends of lines, changes nothing
//   - a comment at the end changes nothing unless there is a problem
// Covered by the replay of corpus/config_file in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/options/config_file.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using options::ConfigFile;
using options::FileSetting;

constexpr std::string_view mark = "\xEF\xBB\xBF";
constexpr std::string_view name_bytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Each text is read from a block of exactly its size.
ConfigFile read(std::string_view text) {
  const fuzz::Block bytes(text);
  return options::read_config_text(bytes.view());
}

bool equal_settings(const ConfigFile& left, const ConfigFile& right) {
  return std::equal(left.settings.begin(), left.settings.end(), right.settings.begin(),
                    right.settings.end(), [](const FileSetting& a, const FileSetting& b) {
                      return a.name == b.name && a.values == b.values && a.line == b.line;
                    });
}

void check_settings(const ConfigFile& file, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  int line = 1;
  for (const FileSetting& setting : file.settings) {
    require(!setting.name.empty(), "a setting has a name");
    require(setting.name.find_first_not_of(name_bytes) == std::string::npos,
            "a name has no other bytes than names may have");
    require(setting.line >= line && setting.line <= lines, "settings are in order of lines");
    line = setting.line;
    for (const std::string& value : setting.values) {
      require(value.find('\0') == std::string::npos, "a value has no NUL");
    }
  }
  const options::FileProblem& problem = file.problem;
  require((problem.line > 0) == !problem.text.empty(), "a problem has a line and a sentence");
  require(problem.line <= lines, "a problem is within the text");
  require(problem.text.find('\n') == std::string::npos, "a problem is described in one line");
  require(problem.line > 0 || (problem.name.empty() && problem.value.empty()),
          "without a problem there is no value that needs quotes");
}

void check_round_trip(const FileSetting& setting) {
  for (const options::Notation notation : {options::Notation::word, options::Notation::quoted}) {
    const bool is_list = setting.values.size() != 1;
    const std::string written =
        options::write_setting(setting.name, setting.values, is_list, notation);
    require(written.find('\n') == std::string::npos, "a setting is written as one line");
    const ConfigFile again = read(written);
    require(again.problem.line == 0 && again.settings.size() == 1, "a written setting can be read");
    require(again.settings[0].name == setting.name && again.settings[0].values == setting.values,
            "a setting that is written and read again is equal");
  }
}

void check_variants(const ConfigFile& file, std::string_view text) {
  if (!text.starts_with(mark)) {
    const ConfigFile marked = read(std::string(mark) + std::string(text));
    require(equal_settings(file, marked) && marked.problem.line == file.problem.line,
            "a byte order mark changes nothing");
  }
  std::string with_cr;
  for (const char byte : text) {
    if (byte == '\n') with_cr += '\r';
    with_cr += byte;
  }
  const ConfigFile of_cr = read(with_cr);
  require(equal_settings(file, of_cr) && of_cr.problem.line == file.problem.line,
          "CR LF ends a line as LF does");
  if (file.problem.line > 0) return;
  const ConfigFile commented = read(std::string(text) + "\n# = [\"");
  require(equal_settings(file, commented) && commented.problem.line == 0,
          "a comment at the end changes nothing");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of_input(data, size);
  const ConfigFile file = read(text);
  check_settings(file, text);
  for (const FileSetting& setting : file.settings) check_round_trip(setting);
  check_variants(file, text);
  return 0;
}
