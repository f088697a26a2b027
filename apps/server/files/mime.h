// Mime: the content type of a file, from the end of its name.
//
// A built-in table of what browsers and package tools care about; where the system has
// /etc/mime.types (Debian's media-types package), its hundreds of types are read over it at start,
// except for what makes a web page work. Text gets charset=utf-8. The table is sorted and its types
// lie behind one another, because reading them is most of what a start takes. Covered by
// tests/server/files/mime_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace server {

class Mime {
 public:
  // The built-in table only.
  Mime();

  // Reads a file in the format of mime.types(5) over the table; lines that name no type are
  // skipped, and what is beyond 1 MiB, fourteen times Debian's. False if it cannot be read. What
  // type_of() gave before is no longer valid.
  bool read(const std::string& path);

  // The value of Content-Type; a view of this table, or a constant.
  std::string_view type_of(std::string_view path) const;

 private:
  // An extension of up to 16 bytes as two numbers, which compare faster than texts.
  struct Key {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    bool operator==(const Key&) const = default;
    bool operator<(const Key& other) const {
      return first != other.first ? first < other.first : second < other.second;
    }
  };
  struct Entry {
    Key key;
    std::uint32_t offset = 0;  // of its type in types_
    std::uint32_t length = 0;
  };

  static Key key_of(std::string_view extension);
  void add_line(std::string_view line);
  void add(std::string_view type, std::string_view extensions);
  void sort();

  std::vector<Entry> entries_;  // by key
  std::string types_;
};

}  // namespace server
