// Mime: the content type of a file, from the end of its name.
//
// A built-in table of what browsers and package tools care about; where the system has
// /etc/mime.types (Debian's media-types package), its hundreds of types are read over it at start,
// except for what makes a web page work. Text gets charset=utf-8. Covered by
// tests/server/mime_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace server {

class Mime {
 public:
  // The built-in table only.
  Mime();

  // Reads a file in the format of mime.types(5) over the table; lines that name no type are
  // skipped. False if it cannot be read.
  bool read(const std::string& path);

  // The value of Content-Type; a view of this table, or a constant.
  std::string_view type_of(std::string_view path) const;

 private:
  void add(std::string_view extension, std::string_view type);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> types_;
};

}  // namespace server
