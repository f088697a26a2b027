// The text of a configuration file, as names and values, and back. Pure.
//
// The part of TOML that options need: NAME = VALUE, where a value is a string in either kind of
// quotes, a number, true or false, or an array of these, which may span several lines; and
// comments. A byte order mark of UTF-8 may stand in front. Tables, dates and dotted names are
// refused, for no option has use for them. Which names there are is not known here. Covered by
// tests/options/config_file_test.cc and fuzz/config_file_fuzzer.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace options {

struct FileSetting {
  std::string name;                 // letters, digits, '-' and '_'; not empty
  std::vector<std::string> values;  // of an array that is empty: none
  int line = 0;                     // from 1
};

// Why a text is no configuration file.
struct FileProblem {
  int line = 0;      // 0: there is no problem
  std::string text;  // completes "FILE:LINE: ..."
  // Where the problem is a value without quotes: the setting's name, and that value.
  std::string name;
  std::string value;
};

struct ConfigFile {
  std::vector<FileSetting> settings;  // those in front of the problem, if there is one
  FileProblem problem;
};

// Reads a whole file. A name may occur several times; the caller decides about that.
[[nodiscard]] ConfigFile read_config_text(std::string_view text);

// How a value is written.
enum class Notation {
  word,   // as it is: a number, true or false
  quoted  // as a string
};

// `name = VALUE`, or `name = [VALUE, ...]` where `is_list`, as read_config_text() reads it.
[[nodiscard]] std::string write_setting(std::string_view name, std::span<const std::string> values,
                                        bool is_list, Notation notation);

}  // namespace options
