// Content-Digest and Repr-Digest of a PUT: the file is stored only where they are right.
#include "apps/server/write/verify.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/digests.h"
#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;
using lab::put;
using lab::put_chunked;

// A field line with the digest of `bytes`.
std::string digest_line(http1::FieldName field, std::string_view bytes,
                        DigestAlgorithm algorithm = DigestAlgorithm::sha_256) {
  Digest digest{.algorithm = algorithm};
  EXPECT_TRUE(digest_bytes(bytes, digest));
  std::array<char, most_digest_line_bytes> buffer{};
  return std::string(write_digest_line(field, digest, buffer));
}
std::string repr(std::string_view bytes) {
  return digest_line(http1::FieldName::repr_digest, bytes);
}
std::string content(std::string_view bytes) {
  return digest_line(http1::FieldName::content_digest, bytes);
}

class Verify : public lab::WritingAnywhere {};
WHEREVER_FILES_LIE(Verify);

TEST_P(Verify, stores_what_has_the_announced_digests) {
  EXPECT_EQ(status(put("/a", "new", repr("new"))), "201");
  EXPECT_EQ(status(put("/a", "new", content("new") + repr("new"))), "204");
  EXPECT_EQ(
      status(put("/a", "new",
                 digest_line(http1::FieldName::repr_digest, "new", DigestAlgorithm::sha_512))),
      "204");
  EXPECT_EQ(status(put("/b", "", repr(""))), "201");
  const std::string large = pattern(3 * BlockPool::large_bytes + 17);
  EXPECT_EQ(status(put("/c", large, repr(large) + content(large))), "201");
  EXPECT_EQ(world.root.get("c"), large);
  EXPECT_EQ(status(put_chunked("/d", repr("newer")) + "3\r\nnew\r\n2\r\ner\r\n0\r\n\r\n"), "201");
  EXPECT_EQ(world.root.get("d"), "newer");
}

TEST_P(Verify, stores_nothing_that_has_another_digest) {
  const int socket = world.connect();
  const std::string wrong = world.say(socket, put("/old.txt", "new", repr("mew")));
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400 ")) << wrong;
  EXPECT_NE(wrong.find("Content-Type: application/problem+json\r\n"), std::string::npos);
  EXPECT_NE(wrong.find("#digest-mismatched-values\""), std::string::npos);
  // Told is the digest that the client has sent, never the one of the bytes.
  const std::string sent = repr("mew");
  EXPECT_NE(wrong.find(sent.substr(sent.find(':', 20), 40)), std::string::npos) << wrong;
  const std::string actual = repr("new");
  EXPECT_EQ(wrong.find(actual.substr(actual.find(':', 20), 40)), std::string::npos);
  EXPECT_EQ(world.root.get("old.txt"), "old");
  // The connection goes on.
  world.say(socket, put("/old.txt", "new", repr("new")));
  EXPECT_EQ(world.root.get("old.txt"), "new");
  world.engine.peer_finishes(socket);
  EXPECT_EQ(status(put("/x/y", "new", content("mew") + repr("new"))), "400");
  EXPECT_EQ(status(put("/x/y", "new", content("new") + repr("mew"))), "400");
  EXPECT_FALSE(world.root.has("x"));
}

TEST_P(Verify, refuses_what_it_cannot_verify_before_the_body) {
  for (const char* fields : {"Repr-Digest: md5=:AAAA:\r\n", "Repr-Digest: sha-256=:AAAA:\r\n",
                             "Content-Digest: sha-256\r\n", "Content-Digest: sha-256=AAAA\r\n"}) {
    const int socket = world.connect();
    const std::string answer = world.say(
        socket,
        head_of("PUT", "/old.txt",
                "Content-Length: 100000\r\nExpect: 100-continue\r\n" + std::string(fields)));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    world.engine.peer_finishes(socket);
    world.settle();
  }
  EXPECT_EQ(world.root.get("old.txt"), "old");
}

TEST_P(Verify, reports_problems_by_their_types) {
  const std::string unknown = world.ask(put("/a", "new", "Repr-Digest: md5=:AAAA:\r\n"));
  EXPECT_NE(unknown.find("#digest-unsupported-algorithms\""), std::string::npos) << unknown;
  const std::string invalid = world.ask(put("/a", "new", "Repr-Digest: sha-256=:AAAA:\r\n"));
  EXPECT_NE(invalid.find("#digest-invalid-values\""), std::string::npos) << invalid;
  const std::string malformed = world.ask(put("/a", "new", "Repr-Digest: sha-256=AAAA=\r\n"));
  EXPECT_EQ(malformed.find("problem"), std::string::npos) << malformed;
  EXPECT_FALSE(world.root.has("a"));
  // Beside an algorithm that is known, others are ignored.
  const std::string both = repr("new");
  EXPECT_EQ(status(put("/a", "new", "Repr-Digest: md5=:AAAA:, " + both.substr(13))), "201");
}

TEST_P(Verify, of_a_part_is_about_the_part_and_about_the_file) {
  world.root.put("old.txt", "0123456789");
  const auto part = [](const std::string& fields) {
    return put("/old.txt", "ab", "Content-Range: bytes 4-5/*\r\n" + fields);
  };
  EXPECT_EQ(status(part(repr("ab"))), "400");
  EXPECT_EQ(status(part(content("0123ab6789"))), "400");
  EXPECT_EQ(world.root.get("old.txt"), "0123456789");
  EXPECT_EQ(status(part(content("ab") + repr("0123ab6789"))), "204");
  EXPECT_EQ(world.root.get("old.txt"), "0123ab6789");
}

// A body of "new" in chunks, with these lines in its trailer section.
std::string put_with_trailers(std::string_view target, const std::string& trailers,
                              const std::string& fields = {}) {
  return put_chunked(target, fields) + "3\r\nnew\r\n0\r\n" + trailers + "\r\n";
}

TEST_P(Verify, stores_what_has_the_digests_of_its_trailer_section) {
  EXPECT_EQ(status(put_with_trailers("/a", repr("new"))), "201");
  EXPECT_EQ(status(put_with_trailers("/a", "X: y\r\n" + content("new") + repr("new"))), "204");
  EXPECT_EQ(status(put_with_trailers("/a", repr("new"), "Trailer: Repr-Digest\r\n")), "204");
  EXPECT_EQ(status(put_with_trailers("/a", content("new"), repr("new"))), "204");
  EXPECT_EQ(status(put_with_trailers("/a", "X: y\r\n")), "204");
  EXPECT_EQ(status(put_with_trailers("/a", "Repr-Digest: md5=:AAAA:, " + repr("new").substr(13))),
            "204");
  EXPECT_EQ(world.root.get("a"), "new");
}

TEST_P(Verify, stores_nothing_that_differs_from_its_trailer_section) {
  const std::string wrong = world.ask(put_with_trailers("/old.txt", repr("mew")));
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400 ")) << wrong;
  EXPECT_NE(wrong.find("#digest-mismatched-values\""), std::string::npos) << wrong;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {content("mew"), ""},
      {content("new"), repr("mew")},
      {repr("mew"), repr("new")},
      {repr("new") + repr("mew"), ""},
      {"Repr-Digest: md5=:AAAA:\r\n", ""},
      {"Repr-Digest: sha-256=:AAAA:\r\n", repr("new")},
      {"Content-Digest: sha-256\r\n", ""},
      {"Content-Digest: ???\r\n", ""},
  };
  for (const auto& [trailers, fields] : rows) {
    EXPECT_EQ(status(put_with_trailers("/old.txt", trailers, fields)), "400") << trailers;
    EXPECT_EQ(status(put_with_trailers("/x/y", trailers, fields)), "400") << trailers;
  }
  EXPECT_EQ(world.root.get("old.txt"), "old");
  EXPECT_FALSE(world.root.has("x"));
}

TEST_P(Verify, keeps_the_connection_after_a_trailer_section_that_differs) {
  const int socket = world.connect();
  const std::string heard = world.say(
      socket, put_with_trailers("/a", repr("mew")) + put_with_trailers("/a", repr("new")));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_NE(heard.find("HTTP/1.1 201 "), std::string::npos) << heard;
  EXPECT_EQ(world.root.get("a"), "new");
  world.engine.peer_finishes(socket);
}

TEST_P(Verify, reads_no_file_without_a_digest) {
  status(put("/a", "new"));
  EXPECT_EQ(world.engine.started(uring::OpCode::read), 0U);
}

}  // namespace
}  // namespace server
