// Folded lines in responses: replaced however the bytes come, and nothing else is.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace http1 {
namespace {

struct Outcome {
  Progress progress = Progress::more;
  Error error = Error::none;
  std::size_t size = 0;
  std::vector<std::string> values;
  std::string bytes;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view text, const std::vector<std::size_t>& ends) {
  Outcome outcome;
  ResponseHead head;
  for (const std::size_t end : ends) {
    outcome.bytes.append(text, outcome.bytes.size(), end - outcome.bytes.size());
    outcome.progress = parse_folded_response(outcome.bytes, head, Method::get);
  }
  outcome.error = head.failure().error;
  if (outcome.progress != Progress::done) return outcome;
  outcome.size = head.size();
  for (const Field field : head.fields()) outcome.values.emplace_back(field.value);
  return outcome;
}

// The outcome of all at once, once it is known to be that of every cut and of single bytes.
Outcome parse(std::string_view text) {
  const Outcome whole = parse(text, {text.size()});
  std::vector<std::size_t> singly;
  for (std::size_t at = 1; at <= text.size(); ++at) {
    singly.push_back(at);
    EXPECT_EQ(parse(text, {at, text.size()}), whole) << "cut at " << at;
  }
  EXPECT_EQ(parse(text, singly), whole) << "byte by byte";
  return whole;
}

TEST(Unfold, joins_a_line_with_the_next) {
  const Outcome made = parse("HTTP/1.1 200 OK\r\nA: one\r\n two\r\nB: 3\r\n\r\n");
  EXPECT_EQ(made.progress, Progress::done);
  EXPECT_EQ(made.values, (std::vector<std::string>{"one   two", "3"}));
}

TEST(Unfold, joins_many_lines_that_begin_with_tabs_or_hold_nothing) {
  const Outcome made = parse("HTTP/1.1 200 OK\r\nA:\r\n\tone\r\n \r\n\t two\r\n\r\n");
  EXPECT_EQ(made.progress, Progress::done);
  EXPECT_EQ(made.values, (std::vector<std::string>{"one     \t two"}));
}

TEST(Unfold, judges_the_value_as_a_whole) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n").error,
            Error::content_length_invalid);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nConnection:\r\n close\r\n\r\n").progress, Progress::done);
}

TEST(Unfold, leaves_the_body_alone) {
  const std::string text = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nC: d\r\n e\r\n";
  const Outcome made = parse(text);
  EXPECT_EQ(made.progress, Progress::done);
  EXPECT_EQ(made.size, text.find("C:"));
  EXPECT_EQ(made.bytes, text);
}

TEST(Unfold, leaves_a_body_alone_that_begins_with_white_space) {
  const std::string text = "HTTP/1.1 200 OK\r\n\r\n a\r\n b";
  EXPECT_EQ(parse(text).bytes, text);
}

TEST(Unfold, folds_nothing_into_the_first_line) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n").error, Error::space_before_first_field);
}

TEST(Unfold, folds_no_name) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nNa\r\n me: 1\r\n\r\n").error, Error::space_before_colon);
}

TEST(Unfold, excuses_no_bare_line_end) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nA: b\n c\r\n\r\n").error, Error::bare_lf);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nA: b\r c\r\n\r\n").error, Error::bare_cr);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nA: b\rc").error, Error::bare_cr);
}

TEST(Unfold, wants_more_of_nothing) {
  ResponseHead head;
  EXPECT_EQ(parse_folded_response({}, head, Method::get), Progress::more);
}

TEST(Unfold, repeats_itself_after_the_end) {
  std::string bytes = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  ResponseHead head;
  EXPECT_EQ(parse_folded_response(bytes, head, Method::get), Progress::done);
  EXPECT_EQ(parse_folded_response(bytes, head, Method::get), Progress::done);
  EXPECT_EQ(head.size(), bytes.size());
}

}  // namespace
}  // namespace http1
