// JsonReader: takes values off the front of a JSON text. RFC 8259, strictly.
//
// A failure is final: each function returns false or nothing from then on. Nesting deeper than 64
// levels is a failure. Pure. Covered by tests/client/command/listing_test.cc and the fuzz target
// remote_listing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace client {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool failed() const { return failed_; }
  // Says whether nothing but white space is left.
  [[nodiscard]] bool at_end();

  // Takes "[" or "{".
  [[nodiscard]] bool take_open(char bracket);
  // Within an array or an object: takes the comma before the next element. False: the closing
  // bracket has been taken instead. `is_first` is set to false.
  [[nodiscard]] bool take_next(char closing, bool& is_first);
  // Takes the name of a member and the colon behind it.
  [[nodiscard]] std::optional<std::string> take_name();

  enum class Kind { string, number, truth, falsehood, null, array, object, none };
  // The kind of the next value.
  [[nodiscard]] Kind kind();
  [[nodiscard]] std::optional<std::string> take_string();
  // The text of a number.
  [[nodiscard]] std::optional<std::string_view> take_number();
  // Takes any value.
  void skip();

 private:
  void fail() { failed_ = true; }
  void skip_space();
  bool take(std::string_view word);
  bool take_escape(std::string& text);
  std::optional<unsigned> take_unit();

  std::string_view rest_;
  bool failed_ = false;
  std::size_t depth_ = 0;
};

}  // namespace client
