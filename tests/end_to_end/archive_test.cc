// Archives of directories, as people get them: whole, beside other requests, within limits, and to
// their end when the server stops.
#include <cstdlib>
#include <filesystem>
#include <signal.h>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

// The head of a response, read byte by byte.
std::string read_head(RawClient& client) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = client.read_bytes(1);
    if (byte.empty()) break;
    head += byte;
  }
  return head;
}

struct Content {
  std::string bytes;
  bool is_whole = false;
};

// The chunks of a response, up to the last one or the end of the connection.
Content read_chunks(RawClient& client) {
  Content content;
  while (true) {
    std::string line;
    while (!line.ends_with("\r\n")) {
      const std::string byte = client.read_bytes(1);
      if (byte.empty()) return content;
      line += byte;
    }
    const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
    const std::string chunk = client.read_bytes(size + 2);
    if (chunk.size() < size + 2) return content;
    content.bytes += chunk.substr(0, size);
    content.is_whole = size == 0;
    if (content.is_whole) return content;
  }
}

Content ask(RawClient& client, std::string_view target) {
  client.send(get(target));
  EXPECT_TRUE(read_head(client).starts_with("HTTP/1.1 200 ")) << target;
  return read_chunks(client);
}

// The value of a number in the head of a tar entry, in octal digits.
std::uint64_t octal(std::string_view digits) {
  return std::strtoull(std::string(digits).c_str(), nullptr, 8);
}

// The names of the entries of a tar whose names are short. Fails where the end is missing.
std::vector<std::string> tar_names(std::string_view tar) {
  std::vector<std::string> names;
  while (tar.size() >= 512 && tar[0] != '\0') {
    names.emplace_back(tar.data());
    const std::uint64_t blocks = 1 + (octal(tar.substr(124, 11)) + 511) / 512;
    tar.remove_prefix(std::min<std::size_t>(tar.size(), blocks * 512));
  }
  EXPECT_GE(tar.size(), 1024U);
  return names;
}

TEST(Archive, HasAllFilesOfALargeDirectory) {
  Site site({}, {.workers = 1});
  for (int i = 0; i < 5000; ++i) site.root.write("d/" + std::to_string(i), "content");
  site.root.write("small", "hello");
  RawClient client = site.connect();
  RawClient other = site.connect();
  client.send(get("/d/?tar"));
  EXPECT_EQ(other.ask(get("/small")).body, "hello");
  EXPECT_TRUE(read_head(client).starts_with("HTTP/1.1 200 "));
  const Content content = read_chunks(client);
  EXPECT_TRUE(content.is_whole);
  EXPECT_EQ(tar_names(content.bytes).size(), 5001U);
  const Content zip = ask(client, "/d/?zip");
  EXPECT_TRUE(zip.is_whole);
  EXPECT_TRUE(zip.bytes.starts_with("PK\x03\x04"));
  EXPECT_EQ(client.ask(get("/small")).body, "hello");
  EXPECT_TRUE(site.wait_for_log("\"GET /d/?tar HTTP/1.1\" 200 "));
}

TEST(Archive, HasTheFilesThatItsAskerMayRead) {
  Site site({"--allow", "anyone r", "--allow", "anyone - /d/secret"});
  site.root.write("d/a", "x");
  site.root.write("d/secret/b", "x");
  RawClient client = site.connect();
  const Content content = ask(client, "/d/?tar");
  EXPECT_TRUE(content.is_whole);
  EXPECT_EQ(tar_names(content.bytes), (std::vector<std::string>{"d/", "d/a"}));
  EXPECT_EQ(client.ask(get("/d/secret/?tar")).status, 403);
}

// A client that does not read holds an archive, and no more.
TEST(Archive, IsRefusedBeyondTheLimit) {
  Site site({"--max-archives", "1"});
  site.root.write("d/large", std::string(30'000'000, 'x'));
  RawClient first = site.connect();
  first.send(get("/d/?tar"));
  EXPECT_TRUE(read_head(first).starts_with("HTTP/1.1 200 "));
  RawClient second = site.connect();
  const Response refused = second.ask(get("/d/?tar"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("Retry-After"), "5");
  EXPECT_EQ(site.ask(request("HEAD", "/d/?tar"), RawClient::To::head).status, 200);
  first.reset();
  EXPECT_TRUE(test_support::eventually([&] {
    RawClient third = site.connect();
    third.send(get("/d/?tar"));
    return read_head(third).starts_with("HTTP/1.1 200 ");
  }));
}

// The head of an archive is sent before its files are read, so that a lack that shows later can
// only be told by a connection that ends too soon.
TEST(Archive, BreaksOffWhereAFileBecomesShorter) {
  Site site;
  site.root.write("d/large", std::string(60'000'000, 'x'));
  RawClient client = site.connect();
  client.send(get("/d/?tar"));
  EXPECT_TRUE(read_head(client).starts_with("HTTP/1.1 200 "));
  std::filesystem::resize_file(site.root.path("d/large"), 10);
  EXPECT_FALSE(read_chunks(client).is_whole);
  RawClient old = site.connect();
  site.root.write("d/large", std::string(60'000'000, 'x'));
  old.send("GET /d/?tar HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(read_head(old).starts_with("HTTP/1.1 200 "));
  std::filesystem::resize_file(site.root.path("d/large"), 10);
  EXPECT_EQ(old.ending(), test_support::Ending::reset);
}

TEST(Archive, IsSentToItsEndWhenTheServerStops) {
  Site site({"--grace", "60"});
  site.root.write("d/large", std::string(30'000'000, 'x'));
  RawClient client = site.connect();
  client.send(get("/d/?tar"));
  EXPECT_TRUE(read_head(client).starts_with("HTTP/1.1 200 "));
  site.signal(SIGTERM);
  const Content content = read_chunks(client);
  EXPECT_TRUE(content.is_whole);
  EXPECT_GT(content.bytes.size(), 30'000'000U);
  EXPECT_EQ(site.wait(), 0);
}

TEST(Archive, EndsWithTheGracePeriod) {
  Site site({"--grace", "1"});
  site.root.write("d/large", std::string(30'000'000, 'x'));
  RawClient client = site.connect();
  client.send(get("/d/?tar"));
  EXPECT_TRUE(read_head(client).starts_with("HTTP/1.1 200 "));
  site.signal(SIGTERM);
  EXPECT_EQ(site.wait(), 0);
  EXPECT_FALSE(read_chunks(client).is_whole);
}

TEST(Archive, MayBeOff) {
  Site site({"--archive", "off"});
  site.root.write("d/a", "x");
  EXPECT_EQ(site.ask(get("/d/?tar")).status, 403);
  EXPECT_EQ(site.ask(get("/d/?zip=")).status, 403);
  EXPECT_EQ(site.ask(get("/d/")).status, 200);
}

}  // namespace
