// Ids of requests and traces: which texts are accepted.
#include "apps/server/plan/request_id.h"

#include <cctype>
#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(RequestId, consists_of_1_to_128_bytes_of_its_alphabet) {
  EXPECT_TRUE(is_request_id("azAZ09._=+/-"));
  EXPECT_TRUE(is_request_id("x"));
  EXPECT_TRUE(is_request_id(std::string(128, 'x')));
  EXPECT_FALSE(is_request_id(""));
  EXPECT_FALSE(is_request_id(std::string(129, 'x')));
  for (int byte = 0; byte < 256; ++byte) {
    const auto character = static_cast<char>(byte);
    const bool is_alphanumeric = byte < 128 && std::isalnum(byte) != 0;
    const bool is_allowed =
        is_alphanumeric ||
        (byte != 0 && std::string("._=+/-").find(character) != std::string::npos);
    EXPECT_EQ(is_request_id(std::string("a") + character), is_allowed) << byte;
  }
}

TEST(TraceParent, is_read_by_its_version) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string parent = "00f067aa0ba902b7";
  const std::string usual = "00-" + trace + "-" + parent + "-01";
  for (const std::string& text :
       {usual, "cc-" + trace + "-" + parent + "-ff", "01-" + trace + "-" + parent + "-01-more"}) {
    const std::optional<TraceParent> read = parse_traceparent(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->trace_id, trace);
    EXPECT_EQ(read->parent_id, parent);
  }
  for (const std::string& text :
       {std::string(), usual.substr(1), usual + "-", usual + "-more", usual + "0",
        "01-" + trace + "-" + parent + "-01more", "ff-" + trace + "-" + parent + "-01",
        "0A-" + trace + "-" + parent + "-01", "00-" + std::string(32, '0') + "-" + parent + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01",
        "00-" + std::string(32, 'A') + "-" + parent + "-01", "00-" + trace + "-" + parent + "-0g",
        "00_" + trace + "-" + parent + "-01", "00-" + trace + "_" + parent + "-01",
        "00-" + trace + "-" + parent + "_01"}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

}  // namespace
}  // namespace server
