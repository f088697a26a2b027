// Digests of uploads and of downloads, on real sockets and files: large ones are computed on
// threads.
#include "apps/crypto/digest.h"

#include <array>
#include <cstdio>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/base64.h"
#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

constexpr const char* attribute = "user.quoit.sha256";

std::string value_of(std::string_view bytes) {
  crypto::Sha256 digest{};
  EXPECT_TRUE(crypto::sha256(bytes, digest));
  const std::string text(digest.begin(), digest.end());
  return "sha-256=:" + test_support::base64(text) + ":";
}

TEST(Digests, OfALargeUploadAreVerifiedBeforeItIsPublished) {
  Site site({"--writable"});
  const std::string content = noise(20'000'000);
  const std::string right = value_of(content);
  EXPECT_EQ(site.ask(put("/a", content, {"Repr-Digest: " + right})).status, 201);
  EXPECT_EQ(site.root.read("a"), content);
  const Response wrong = site.ask(put("/a", content + "x", {"Content-Digest: " + right}));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.field("Content-Type"), "application/problem+json");
  EXPECT_NE(wrong.body.find("digest-mismatched-values"), std::string::npos);
  EXPECT_NE(wrong.body.find("\"provided_digest\":\":"), std::string::npos);
  EXPECT_EQ(site.root.read("a"), content);
  EXPECT_EQ(site.root.list(), std::vector<std::string>{"a"});
}

TEST(Digests, ThatCannotBeVerifiedAreRefusedBeforeTheBody) {
  Site site({"--writable"});
  RawClient client = site.connect();
  client.send(request(
      "PUT", "/a", {"Content-Length: 1000000", "Expect: 100-continue", "Repr-Digest: md5=:AA==:"}));
  const Response refused = client.read_response();
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("digest-unsupported-algorithms"), std::string::npos);
}

// A chunk of `content`, the end of the body, and these trailer fields.
std::string in_chunks(const std::string& content, const std::string& trailers) {
  std::array<char, 32> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", content.size());
  return size.data() + content + "\r\n0\r\n" + trailers + "\r\n";
}

TEST(Digests, InTheTrailerSectionAreVerified) {
  Site site({"--writable"});
  const std::string content = noise(3'000'000);
  const std::string right = "Repr-Digest: " + value_of(content) + "\r\n";
  const auto answer_to = [&](const std::string& head, const std::string& trailers) {
    RawClient client = site.connect();
    client.send(head + in_chunks(content, trailers));
    return client.read_response();
  };
  const std::string put_head = request("PUT", "/a", {"Transfer-Encoding: chunked"});
  EXPECT_EQ(answer_to(put_head, right).status, 201);
  EXPECT_EQ(site.root.read("a"), content);
  const Response wrong = answer_to(put_head, "Content-Digest: " + value_of("x") + "\r\n");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("digest-mismatched-values"), std::string::npos);
  const Response unknown = answer_to(put_head, "Repr-Digest: md5=:AA==:\r\n");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("digest-unsupported-algorithms"), std::string::npos);
  EXPECT_EQ(site.root.read("a"), content);
  const Response created = site.ask(put("/b", "", {"Upload-Complete: ?0"}));
  const std::string patch_head =
      request("PATCH", created.field("Location"),
              {"Content-Type: application/partial-upload", "Upload-Offset: 0",
               "Upload-Complete: ?1", "Transfer-Encoding: chunked"});
  const Response taken_back = answer_to(patch_head, "Content-Digest: " + value_of("x") + "\r\n");
  EXPECT_EQ(taken_back.status, 400);
  EXPECT_EQ(taken_back.field("Upload-Offset"), "0");
  EXPECT_EQ(answer_to(patch_head, "Content-Digest: " + value_of(content) + "\r\n").status, 201);
  EXPECT_EQ(site.root.read("b"), content);
}

TEST(Digests, OfAFileComeWhereTheyAreWanted) {
  Site site;
  const std::string content = noise(5'000'000);
  site.root.write("large", content);
  site.root.write("small", "hello\n");
  const std::vector<std::string> wanted = {"Want-Repr-Digest: sha-256=1",
                                           "Want-Content-Digest: sha-256=1"};
  for (int i = 0; i < 3; ++i) {
    const Response large = site.ask(get("/large", wanted));
    EXPECT_EQ(large.field("Repr-Digest"), value_of(content));
    EXPECT_EQ(large.field("Content-Digest"), value_of(content));
    EXPECT_TRUE(large.whole);
    const Response small = site.ask(get("/small", wanted));
    EXPECT_EQ(small.field("Repr-Digest"), value_of("hello\n"));
    EXPECT_FALSE(site.ask(get("/small")).has("Repr-Digest"));
  }
  std::vector<std::string> part = wanted;
  part.emplace_back("Range: bytes=1000-2999999");
  const Response ranged = site.ask(get("/large", part));
  EXPECT_EQ(ranged.status, 206);
  EXPECT_EQ(ranged.field("Repr-Digest"), value_of(content));
  EXPECT_EQ(ranged.field("Content-Digest"), value_of(content.substr(1000, 2'999'000)));
  const Response head = site.ask(request("HEAD", "/large", wanted), RawClient::To::head);
  EXPECT_EQ(head.field("Repr-Digest"), value_of(content));
  EXPECT_FALSE(head.has("Content-Digest"));
}

// The attribute of the file with its digest; empty: it has none.
std::string attribute_of(const std::string& path) {
  std::array<char, 256> value{};
  const ssize_t size = ::getxattr(path.c_str(), attribute, value.data(), value.size());
  return size < 0 ? std::string() : std::string(value.data(), static_cast<std::size_t>(size));
}
bool set_attribute(const std::string& path, const std::string& value) {
  return ::setxattr(path.c_str(), attribute, value.data(), value.size(), 0) == 0;
}
bool has_attributes(const test_support::Scratch& root) {
  root.write("probe", "");
  return set_attribute(root.path("probe"), "1");
}

// "1 SIZE MTIME_NS HEX" about the file, with a digest of nothing but zeros.
std::string zeros_about(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  const auto time = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  return "1 " + std::to_string(status.st_size) + " " + std::to_string(time) + " " +
         std::string(64, '0');
}

TEST(Digests, OfAnUploadAreKeptInItsAttribute) {
  const test_support::Scratch root;
  if (!has_attributes(root)) GTEST_SKIP() << "the file system has no user attributes";
  const std::string content = noise(300'000);
  const std::string right = value_of(content);
  const std::string path = root.path("a");
  const std::string zeros = "sha-256=:" + test_support::base64(std::string(32, '\0')) + ":";
  const auto answer = [](const Site& site) {
    return site.ask(get("/a", {"Want-Repr-Digest: sha-256=1"})).field("Repr-Digest");
  };
  {
    Site site({"--writable"}, {.served = root.path()});
    EXPECT_EQ(site.ask(put("/a", content)).status, 201);
    EXPECT_EQ(attribute_of(path), "");
    EXPECT_EQ(site.ask(put("/a", content, {"Repr-Digest: " + right})).status, 204);
    const std::string first = attribute_of(path);
    EXPECT_EQ(first.substr(0, first.rfind(' ')),
              zeros_about(path).substr(0, zeros_about(path).rfind(' ')));
    EXPECT_EQ(
        site.ask(put("/a", content, {"X-OC-MTime: 1600000000", "Content-Digest: " + right})).status,
        204);
    EXPECT_NE(attribute_of(path).find("300000 1600000000"), std::string::npos);
    EXPECT_EQ(answer(site), right);
  }
  // Another digest in a valid attribute shows that the server reads it, and not the file.
  ASSERT_TRUE(set_attribute(path, zeros_about(path)));
  Site reader({}, {.served = root.path()});
  EXPECT_EQ(answer(reader), zeros);
  ASSERT_TRUE(set_attribute(path, zeros_about(path) + "\n"));
  EXPECT_EQ(answer(reader), right);
  const std::string before = zeros_about(path);
  const std::string other = noise(300'000, 7);
  root.write("a", other);
  ASSERT_TRUE(set_attribute(path, before));
  EXPECT_EQ(answer(reader), value_of(other));
}

TEST(Digests, OfAResumedUploadAreKeptInItsAttribute) {
  Site site({"--writable"});
  if (!has_attributes(site.root)) GTEST_SKIP() << "the file system has no user attributes";
  const std::string content = noise(300'000);
  const Response created =
      site.ask(put("/a", "", {"Upload-Complete: ?0", "Repr-Digest: " + value_of(content)}));
  const std::string head = request("PATCH", created.field("Location"),
                                   {"Content-Type: application/partial-upload", "Upload-Offset: 0",
                                    "Upload-Complete: ?1", "Content-Length: 300000"});
  RawClient client = site.connect();
  client.send(head + content);
  EXPECT_EQ(client.read_response().status, 201);
  const std::string path = site.root.path("a");
  const std::string facts = zeros_about(path);
  EXPECT_TRUE(attribute_of(path).starts_with(facts.substr(0, facts.rfind(' ')))) << facts;
}

TEST(Digests, OfAFileThatChangesAreThoseOfItsNewBytes) {
  Site site({"--writable"});
  const std::vector<std::string> wanted = {"Want-Repr-Digest: sha-256=1"};
  for (int i = 0; i < 5; ++i) {
    const std::string content = noise(300'000, static_cast<unsigned>(i + 1));
    site.ask(put("/a", content));
    EXPECT_EQ(site.ask(get("/a", wanted)).field("Repr-Digest"), value_of(content));
  }
}

}  // namespace
