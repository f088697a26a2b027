// The state of a resumable upload: what is written is read again, and nothing else is.
#include "apps/server/plan/upload_state.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/plan/intent.h"
#include "tests/server/world.h"

namespace server {
namespace {

using http1::FieldName;
using lab::Request;

struct Read {
  explicit Read(std::string_view bytes)
      : text(bytes), is_read(read_upload_state(text, head, buffer, state)) {}
  std::string text;
  http1::RequestHead head;
  std::array<char, path_buffer_bytes> buffer{};
  UploadState state;
  bool is_read;
};

std::string written(const UploadState& state, std::string_view fields = {}) {
  const Request origin(lab::head_of("PUT", "/dir/x", fields));
  std::vector<char> buffer(most_state_bytes);
  return std::string(write_upload_state(state, origin.head, buffer));
}

const UploadState plain{.leaf = "a b%\xff.iso"};

TEST(UploadStates, are_read_as_they_were_written) {
  UploadState state = plain;
  state.length = 0;
  state.boot = "f00-baa";
  state.parents = 3;
  const Read begun(written(state,
                           "If-None-Match: *\r\nX-OC-MTime: 5\r\nCookie: secret\r\n"
                           "If-Match: \"a\"\r\nIf-Match: \"b\", \"c\"\r\n"
                           "Repr-Digest: sha-256=:AAAA:\r\nContent-Digest: x=:AA==:\r\n"
                           "Quoit-Parents: 7\r\nQuoit-Size: 1\r\n"));
  ASSERT_TRUE(begun.is_read);
  EXPECT_EQ(begun.state.leaf, state.leaf);
  EXPECT_EQ(begun.state.length, 0U);
  EXPECT_EQ(begun.state.boot, "f00-baa");
  EXPECT_EQ(begun.state.parents, 3U);
  EXPECT_FALSE(begun.state.is_complete);
  EXPECT_EQ(begun.head.value_of(FieldName::if_none_match), "*");
  EXPECT_TRUE(begun.head.has_repeated(FieldName::if_match));
  EXPECT_EQ(begun.head.value_of(FieldName::repr_digest), "sha-256=:AAAA:");
  EXPECT_EQ(begun.head.value_of(FieldName::x_oc_mtime), "5");
  EXPECT_FALSE(begun.head.has(FieldName::cookie));
  EXPECT_FALSE(begun.head.has(FieldName::content_digest));
  for (const std::int64_t time : {std::int64_t{-5}, std::int64_t{0}, INT64_MAX, INT64_MIN}) {
    state.is_complete = true;
    state.is_created = time == 0;
    state.facts = {.size = 1'000'000, .mtime_ns = time};
    const Read ended(written(state));
    ASSERT_TRUE(ended.is_read);
    EXPECT_TRUE(ended.state.is_complete);
    EXPECT_EQ(ended.state.is_created, time == 0);
    EXPECT_EQ(ended.state.facts.size, 1'000'000U);
    EXPECT_EQ(ended.state.facts.mtime_ns, time);
  }
}

TEST(UploadStates, are_written_again_from_their_own_head) {
  UploadState state = plain;
  const Read first(written(state, "If-Match: \"a\"\r\nWant-Repr-Digest: sha-256=1\r\n"));
  ASSERT_TRUE(first.is_read);
  std::vector<char> buffer(most_state_bytes);
  EXPECT_EQ(write_upload_state(first.state, first.head, buffer), first.text);
}

TEST(UploadStates, that_are_cut_or_damaged_are_none) {
  UploadState state = plain;
  state.length = 10;
  state.is_complete = true;
  const std::string text = written(state, "If-Match: \"a\"\r\n");
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(Read(text.substr(0, size)).is_read) << size;
  }
  EXPECT_FALSE(Read(text + "x").is_read);
  EXPECT_FALSE(Read(std::string(text.size(), '\0')).is_read);
  for (const char* path : {"/", "/a/b", "/a/", "/..", "/a%2Fb", "/%00", "*"}) {
    const std::string other =
        "PUT " + std::string(path) + " HTTP/1.1\r\nHost: quoit\r\nQuoit-End: 1\r\n\r\n";
    EXPECT_FALSE(Read(other).is_read) << path;
  }
  const std::string begin = "PUT /a HTTP/1.1\r\nHost: quoit\r\n";
  EXPECT_TRUE(Read(begin + "Quoit-End: 1\r\n\r\n").is_read);
  EXPECT_FALSE(Read(begin + "\r\n").is_read);
  EXPECT_FALSE(Read(begin + "Upload-Length: x\r\nQuoit-End: 1\r\n\r\n").is_read);
  EXPECT_FALSE(Read(begin + "Quoit-Size: 1\r\nQuoit-End: 1\r\n\r\n").is_read);
  EXPECT_FALSE(
      Read(begin + "Quoit-Size: 1\r\nQuoit-Time: 1x\r\nQuoit-Created: 1\r\nQuoit-End: 1\r\n\r\n")
          .is_read);
  EXPECT_FALSE(Read("GET /a HTTP/1.1\r\nHost: quoit\r\nQuoit-End: 1\r\n\r\n").is_read);
}

TEST(UploadStates, that_are_too_large_are_not_written) {
  const Request origin(
      lab::head_of("PUT", "/x", "If-Match: \"" + std::string(9000, 'a') + "\"\r\n"));
  std::vector<char> buffer(8192);
  EXPECT_EQ(write_upload_state(plain, origin.head, buffer), "");
  UploadState longest = plain;
  const std::string leaf(255, '\xff');
  longest.leaf = leaf;
  const Read read(written(longest));
  ASSERT_TRUE(read.is_read);
  EXPECT_EQ(read.state.leaf, leaf);
}

}  // namespace
}  // namespace server
