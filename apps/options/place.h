// Place: where the value of an option was given. Covered by tests/options/values_test.cc.
#pragma once

#include <cstdint>
#include <string>

namespace options {

enum class Source : std::uint8_t { table, command_line, environment, file };

struct Place {
  Source source = Source::table;  // table: nowhere, the option has its default
  std::string file = {};          // its path, for Source::file
  int line = 0;                   // from 1
};

}  // namespace options
