// Settings: the text of a configuration file as names and values. Pure.
//
// The part of TOML that options need: NAME = VALUE, where a value is a string in either kind of
// quotes, a number, true or false, or an array of these, which may go over several lines; and
// comments. Tables, dates and dotted names are refused, for no option has use for them.
// Covered by tests/server/config/config_file_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

struct Setting {
  std::string name;
  std::vector<std::string> values;
  int line = 0;  // from 1
};

struct Settings {
  std::vector<Setting> all;
  std::string wrong;   // what is wrong with the text, for a person; empty: nothing
  int wrong_line = 0;  // and where
};

Settings read_settings(std::string_view text);

// A value as read_settings() reads it.
std::string quote_setting(std::string_view value);

// The one of `names` that `name` was most likely meant to be; empty if none is at all like it.
std::string nearest_name(std::string_view name, const std::vector<std::string>& names);

}  // namespace server
