// Mime: the content type of a file, by the extension of its name.
//
// A built-in table has the types that browsers and package tools need. Where the system has
// /etc/mime.types (Debian's media-types package), its hundreds of types are added at start; they
// take precedence, except for the types without which web pages break. Types of text get
// charset=utf-8. The entries are a sorted array and the types one string, because filling the table
// is most of the work at start. Covered by tests/server/files/mime_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace server {

// The table of the system, which Mime::read() adds at start.
inline constexpr const char* system_mime_types = "/etc/mime.types";

class Mime {
 public:
  // The built-in table only.
  Mime();

  // Adds the types of a file in the format of mime.types(5). Skips lines that name no type, and
  // everything beyond 1 MiB, which is fourteen times the size of Debian's. False if the file cannot
  // be read. Invalidates the views that type_of() has returned.
  bool read(const std::string& path);

  // Whether both give each name the same type.
  bool operator==(const Mime&) const = default;

  // The value of Content-Type for a file name or path: a view of this table, or a constant.
  std::string_view type_of(std::string_view path) const;

 private:
  // An extension of up to 16 bytes as two numbers, which compare faster than strings.
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
    bool operator==(const Entry&) const = default;
  };

  static Key key_of(std::string_view extension);
  void add_line(std::string_view line);
  void add(std::string_view type, std::string_view extensions);
  void sort();

  std::vector<Entry> entries_;  // by key
  std::string types_;
};

}  // namespace server
