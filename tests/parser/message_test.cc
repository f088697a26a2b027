// What a head answers once it is parsed, and that it follows its bytes.
#include "parser/message.h"

#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace http1 {
namespace {

constexpr std::string_view request =
    "GET /a HTTP/1.1\r\nHost: b\r\nX-One: 1\r\ncookie: c=1\r\nCookie: d=2\r\nIf-Match: "
    "\"e\"\r\n\r\n";

RequestHead parsed(std::string_view bytes) {
  RequestHead head;
  EXPECT_EQ(parse_request(bytes, head), Progress::done);
  return head;
}

TEST(Head, known_fields_are_found_by_name) {
  const RequestHead head = parsed(request);
  EXPECT_TRUE(head.has(FieldName::host));
  EXPECT_EQ(head.value_of(FieldName::host), "b");
  EXPECT_EQ(head.value_of(FieldName::if_match), "\"e\"");
  EXPECT_FALSE(head.has(FieldName::range));
  EXPECT_EQ(head.value_of(FieldName::range), "");
}

TEST(Head, the_first_of_repeated_fields_is_its_value) {
  const RequestHead head = parsed(request);
  EXPECT_EQ(head.value_of(FieldName::cookie), "c=1");
  EXPECT_TRUE(head.has_repeated(FieldName::cookie));
  EXPECT_FALSE(head.has_repeated(FieldName::host));
}

TEST(Head, repeated_fields_are_walked_in_their_order) {
  const RequestHead head = parsed(request);
  std::vector<std::string> cookies;
  for (const Field field : head.fields(FieldName::cookie)) cookies.emplace_back(field.value);
  EXPECT_EQ(cookies, (std::vector<std::string>{"c=1", "d=2"}));
  for (const Field field : head.fields(FieldName::range)) ADD_FAILURE() << field.name;
}

TEST(Head, an_iterator_steps_behind_its_value) {
  const RequestHead head = parsed(request);
  auto field = head.fields().begin();
  EXPECT_EQ((*field++).name, "Host");
  EXPECT_EQ((*field).name, "X-One");
  auto cookie = head.fields(FieldName::cookie).begin();
  EXPECT_EQ((*cookie++).value, "c=1");
  EXPECT_EQ((*cookie).value, "d=2");
}

TEST(Head, says_whether_the_client_waits_for_100) {
  EXPECT_FALSE(parsed(request).expects_continue());
  EXPECT_TRUE(parsed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                     "Expect: 100-continue\r\n\r\n")
                  .expects_continue());
}

TEST(Head, all_fields_are_walked_with_name_value_and_id) {
  const RequestHead head = parsed(request);
  std::string all;
  for (const Field field : head.fields()) {
    all += std::string(field.name) + "=" + std::string(field.value);
    all += field.id == FieldName::other ? "?;" : ";";
  }
  EXPECT_EQ(all, "Host=b;X-One=1?;cookie=c=1;Cookie=d=2;If-Match=\"e\";");
  EXPECT_EQ(head.field_count(), 5U);
}

TEST(Head, unknown_fields_are_found_by_text_in_any_case) {
  const RequestHead head = parsed(request);
  std::string_view value = "untouched";
  EXPECT_TRUE(head.find("x-ONE", value));
  EXPECT_EQ(value, "1");
  value = "untouched";
  EXPECT_FALSE(head.find("x-two", value));
  EXPECT_EQ(value, "untouched");
}

TEST(Head, views_follow_the_bytes_when_they_move) {
  auto first = std::make_unique<char[]>(request.size());
  std::memcpy(first.get(), request.data(), request.size());
  RequestHead head = parsed({first.get(), request.size()});
  auto second = std::make_unique<char[]>(request.size());
  std::memcpy(second.get(), first.get(), request.size());
  first.reset();
  head.rebase(second.get());
  EXPECT_EQ(head.target(), "/a");
  EXPECT_EQ(head.value_of(FieldName::host).data(), second.get() + 23);
}

TEST(Head, can_be_copied_while_it_is_being_parsed) {
  RequestHead head;
  EXPECT_EQ(parse_request(request.substr(0, 30), head), Progress::more);
  RequestHead copy = head;
  EXPECT_EQ(parse_request(request, copy), Progress::done);
  EXPECT_EQ(parse_request(request, head), Progress::done);
  EXPECT_EQ(copy.value_of(FieldName::cookie), head.value_of(FieldName::cookie));
}

TEST(Head, starts_anew_after_reset) {
  RequestHead head = parsed(request);
  head.reset();
  EXPECT_EQ(head.field_count(), 0U);
  EXPECT_FALSE(head.has(FieldName::host));
  EXPECT_EQ(parse_request("OPTIONS * HTTP/1.0\r\n\r\n", head), Progress::done);
  EXPECT_EQ(head.target_form(), TargetForm::asterisk);
  EXPECT_EQ(head.authority(), "");
  EXPECT_FALSE(head.keep_alive());
}

TEST(Head, a_response_starts_anew_after_an_interim_one) {
  const std::string_view bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n";
  ResponseHead head;
  EXPECT_EQ(parse_response(bytes, head, Method::put), Progress::done);
  EXPECT_EQ(head.status(), 100);
  const std::size_t interim = head.size();
  head.reset();
  EXPECT_EQ(parse_response(bytes.substr(interim), head, Method::put), Progress::done);
  EXPECT_EQ(head.status(), 201);
  EXPECT_EQ(head.body().length, 2U);
}

TEST(Head, is_a_plain_value_of_a_known_size) {
  static_assert(std::is_trivially_copyable_v<RequestHead>);
  static_assert(std::is_trivially_destructible_v<ResponseHead>);
  EXPECT_LE(sizeof(RequestHead), 1344U);
}

}  // namespace
}  // namespace http1
