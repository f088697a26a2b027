// Text of pages: escaping names, numbers, sizes and times, and filling the places of a page.
//
// Covered by tests/server/pages/directory_page_test.cc, listing_test.cc and
// fuzz/listing_fuzzer.cc.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace server {

// Text in a buffer of fixed size. Text that does not fit is dropped, with all text after it.
class Out {
 public:
  explicit Out(std::span<char> space) : space_(space) {}

  void add(std::string_view text) {
    if (text.size() > space_.size() - size_) is_full_ = true;
    if (is_full_) return;
    std::copy(text.begin(), text.end(), space_.data() + size_);
    size_ += text.size();
  }
  void add(std::uint64_t number) {
    std::array<char, 20> digits{};
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    add({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  // At least `digits` digits, with leading zeros.
  void add(std::uint64_t number, int digits) {
    for (std::uint64_t least = 10; --digits > 0; least *= 10) {
      if (number < least) add("0");
    }
    add(number);
  }
  // The number of bytes added; 0 if some of the text did not fit.
  std::size_t size() const { return is_full_ ? 0 : size_; }
  std::string_view text() const { return {space_.data(), size()}; }

 private:
  std::span<char> space_;
  std::size_t size_ = 0;
  bool is_full_ = false;
};

// Adds a name as text of HTML. Each byte that is no UTF-8 becomes U+FFFD. A character that controls
// the direction of text, or that cannot be seen, stays, in an element of its own, outside of which
// it has no effect and which shows its number.
void add_html(std::string_view name, Out& out);

// Adds a name as text of HTML where no elements can be: such characters become U+FFFD, too.
void add_plain_html(std::string_view name, Out& out);

// Adds a name as the inside of a string of JSON. Each byte that is no UTF-8 becomes U+FFFD.
void add_json(std::string_view name, Out& out);

// Adds "999 B", "1.0 KiB", "1023.9 MiB": rounded down.
void add_size(std::uint64_t bytes, Out& out);

// Adds "1994-11-06 08:49:37", with `between` in place of the space. Unix time.
void add_time(std::int64_t seconds, std::string_view between, Out& out);

// The text for one @name@ of a page.
struct Filling {
  std::string_view name;
  std::string_view text;
};

// Adds `page` with its places filled to `sink`, which has add(std::string_view). Each place has a
// filling; no other @ is in the page.
template <class Sink>
void fill(std::string_view page, std::span<const Filling> fillings, Sink& sink) {
  while (true) {
    const std::size_t at = page.find('@');
    sink.add(page.substr(0, at));
    if (at == std::string_view::npos) return;
    page.remove_prefix(at + 1);
    const std::size_t end = page.find('@');
    for (const Filling& filling : fillings) {
      if (filling.name == page.substr(0, end)) sink.add(filling.text);
    }
    page.remove_prefix(end + 1);
  }
}

}  // namespace server
