// Every class holds exactly the bytes of its ABNF, and every run ends where its class does, at each
// length and alignment.
#include "parser/scan.h"

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace http1::scan {
namespace {

// The ABNF once more, spelt out.
constexpr std::string_view alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool in(std::string_view set, int byte) {
  return byte != 0 && set.find(static_cast<char>(byte)) != std::string_view::npos;
}
bool token(int byte) { return in(alnum, byte) || in("!#$%&'*+-.^_`|~", byte); }
bool value(int byte) { return byte == 9 || (byte >= 32 && byte <= 126) || byte >= 128; }
bool pchar(int byte) { return in(alnum, byte) || in("-._~!$&'()*+,;=:@", byte); }
bool path(int byte) { return pchar(byte) || in("/|^[]", byte); }
bool query(int byte) { return path(byte) || in("?`{}\\%", byte); }
bool uri(int byte) { return pchar(byte) || in("/?[]", byte); }
bool host(int byte) { return in(alnum, byte) || in("-._~!$&'()*+;=", byte); }
bool digit(int byte) { return byte >= '0' && byte <= '9'; }
bool space(int byte) { return byte == ' ' || byte == '\t'; }

struct Question {
  const char* name;
  bool (*holds)(int);
  const char* (*end)(const char*, const char*);
  char inside;
};

constexpr Question questions[] = {
    {"token", token, token_end, 'a'},   {"value", value, value_end, ' '},
    {"path", path, path_end, '/'},      {"query", query, query_end, '?'},
    {"uri", uri, uri_end, '/'},         {"host", host, host_end, '.'},
    {"digits", digit, digits_end, '7'}, {"space", space, space_end, '\t'},
};

TEST(Scan, classes_hold_what_the_ABNF_says) {
  for (const Question& question : questions) {
    for (int byte = 0; byte < 256; ++byte) {
      const char text = static_cast<char>(byte);
      EXPECT_EQ(question.end(&text, &text + 1) == &text + 1, question.holds(byte))
          << question.name << ' ' << byte;
    }
  }
}

TEST(Scan, runs_end_at_the_first_byte_outside) {
  for (const Question& question : questions) {
    for (std::size_t size = 0; size <= 70; ++size) {
      const auto block = std::make_unique<char[]>(size);
      std::fill_n(block.get(), size, question.inside);
      EXPECT_EQ(question.end(block.get(), block.get() + size), block.get() + size);
      for (std::size_t at = 0; at < size; ++at) {
        block[at] = '\r';
        for (std::size_t from = 0; from <= at; ++from) {
          ASSERT_EQ(question.end(block.get() + from, block.get() + size), block.get() + at)
              << question.name << ' ' << from << ' ' << at << ' ' << size;
        }
        block[at] = question.inside;
      }
    }
  }
}

TEST(Scan, the_compilers_table_is_the_one_that_the_program_makes) {
  EXPECT_EQ(classes, detail::make_classes());
}

TEST(Scan, hexadecimal_digits_have_their_value) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string_view digits = "0123456789abcdef";
    const std::size_t lower = digits.find(static_cast<char>(byte));
    const std::size_t upper = std::string_view("0123456789ABCDEF").find(static_cast<char>(byte));
    const std::size_t place = std::min(lower, upper);
    const int expected = place == std::string_view::npos ? -1 : static_cast<int>(place);
    EXPECT_EQ(hex_value(static_cast<char>(byte)), expected) << byte;
    EXPECT_EQ(is(hex_digit_bit, static_cast<char>(byte)), expected >= 0) << byte;
  }
}

}  // namespace
}  // namespace http1::scan
