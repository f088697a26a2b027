// Framing as a function of fields, without a parser in between. The cases in cases/framing.txt and
// cases/response.txt say the same on the wire.
#include "parser/framing.h"

#include <gtest/gtest.h>

namespace http1 {
namespace {

constexpr Version v10 = Version::http_1_0;
constexpr Version v11 = Version::http_1_1;

Framing with(FieldName name, std::string_view value, Version version = v11) {
  Framing framing;
  EXPECT_EQ(framing.take(name, value, version), Error::none) << value;
  return framing;
}

TEST(Framing, nothing_said_means_no_body_for_a_request_and_all_bytes_for_a_response) {
  const Framing framing;
  EXPECT_EQ(framing.body_of_request().kind, BodyKind::none);
  EXPECT_EQ(framing.body_of_response(200, Method::get).kind, BodyKind::until_close);
}

TEST(Framing, the_length_is_kept_also_where_there_is_no_body) {
  const Framing framing = with(FieldName::content_length, "7");
  EXPECT_EQ(framing.body_of_response(200, Method::head).kind, BodyKind::none);
  EXPECT_TRUE(framing.has_content_length());
  EXPECT_EQ(framing.content_length(), 7U);
  EXPECT_EQ(framing.body_of_response(200, Method::get).length, 7U);
}

TEST(Framing, statuses_without_a_body_have_none) {
  const Framing framing = with(FieldName::content_length, "7");
  for (const int status : {100, 101, 103, 199, 204, 304}) {
    EXPECT_EQ(framing.body_of_response(status, Method::get).kind, BodyKind::none) << status;
  }
  for (const int status : {200, 205, 206, 300, 404, 416, 500, 999}) {
    EXPECT_EQ(framing.body_of_response(status, Method::get).kind, BodyKind::length) << status;
  }
}

TEST(Framing, other_fields_are_none_of_its_business) {
  Framing framing;
  EXPECT_EQ(framing.take(FieldName::te, "chunked", v11), Error::none);
  EXPECT_EQ(framing.take(FieldName::trailer, "Content-Length", v11), Error::none);
  EXPECT_EQ(framing.take(FieldName::proxy_connection, "close", v11), Error::none);
  EXPECT_EQ(framing.body_of_request().kind, BodyKind::none);
  EXPECT_TRUE(framing.keeps_alive(v11, {}));
}

TEST(Framing, a_refused_field_leaves_no_trace) {
  Framing framing;
  EXPECT_EQ(framing.take(FieldName::content_length, "1x", v11), Error::content_length_invalid);
  EXPECT_EQ(framing.take(FieldName::transfer_encoding, "x", v11), Error::coding_invalid);
  EXPECT_EQ(framing.check(), Error::none);
  EXPECT_FALSE(framing.has_content_length());
}

TEST(Framing, the_connection_lives_on_by_version_options_and_body) {
  const Body body{BodyKind::length, 1};
  EXPECT_TRUE(Framing().keeps_alive(v11, body));
  EXPECT_FALSE(Framing().keeps_alive(v10, body));
  EXPECT_TRUE(with(FieldName::connection, "x, keep-alive").keeps_alive(v10, body));
  EXPECT_FALSE(with(FieldName::connection, "keep-alive, close").keeps_alive(v10, body));
  EXPECT_FALSE(with(FieldName::connection, "close").keeps_alive(v11, body));
  EXPECT_FALSE(Framing().keeps_alive(v11, {BodyKind::until_close, 0}));
  EXPECT_TRUE(with(FieldName::connection, "Close").says_close());
  EXPECT_TRUE(with(FieldName::connection, "KEEP-ALIVE").says_keep_alive());
}

}  // namespace
}  // namespace http1
