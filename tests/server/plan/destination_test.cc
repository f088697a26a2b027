// Destination and Overwrite: which names of which server they give, and what is refused.
#include "apps/server/plan/destination.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

struct Outcome {
  int status = 0;
  std::string path;
  bool names_directory = false;
  bool may_replace = true;
};

Outcome outcome_of(const std::string& request_line, const std::string& fields,
                   const Site& site = {.writable = true}) {
  const lab::Request request(request_line + "\r\n" + fields + "\r\n");
  std::array<char, path_buffer_bytes> source{};
  std::array<char, path_buffer_bytes> buffer{};
  Intent intent = decide(request.head, site, source);
  EXPECT_EQ(intent.action, Action::move);
  intent = decide_destination(request.head, site, intent, buffer);
  return {intent.status, std::string(intent.destination), intent.destination_names_directory,
          intent.may_replace};
}

Outcome moved(const std::string& destination, const std::string& host = "a",
              const std::string& more = {}) {
  return outcome_of("MOVE /dir/old HTTP/1.1",
                    "Host: " + host + "\r\nDestination: " + destination + "\r\n" + more);
}

TEST(Destination, is_an_absolute_path) {
  EXPECT_EQ(moved("/dir/new").path, "dir/new");
  EXPECT_EQ(moved("/dir/new").status, 0);
  EXPECT_EQ(moved("/d%C3%A9/./x/../new%20name?query").path, "d\xc3\xa9/new name");
  EXPECT_TRUE(moved("/new/").names_directory);
  EXPECT_FALSE(moved("/new").names_directory);
}

TEST(Destination, is_a_URL_with_the_host_and_port_of_the_request) {
  EXPECT_EQ(moved("http://a/new").path, "new");
  EXPECT_EQ(moved("HTTP://A:80/new").path, "new");
  EXPECT_EQ(moved("https://a/new").path, "new") << "a proxy may have ended TLS";
  EXPECT_EQ(moved("https://a:443/new", "a").path, "new");
  EXPECT_EQ(moved("http://a:8080/new", "a:8080").path, "new");
  EXPECT_EQ(moved("http://[::1]:8080/new", "[::1]:8080").path, "new");
  EXPECT_EQ(
      outcome_of("MOVE http://b/old HTTP/1.1", "Host: b\r\nDestination: http://b/new\r\n").path,
      "new");
}

TEST(Destination, on_another_server_gets_502) {
  EXPECT_EQ(moved("http://b/new").status, 502);
  EXPECT_EQ(moved("http://a:8080/new").status, 502);
  EXPECT_EQ(moved("http://a/new", "a:8080").status, 502);
  EXPECT_EQ(moved("http://a.b/new").status, 502);
  EXPECT_EQ(moved("ftp://a/new").status, 502);
  EXPECT_EQ(outcome_of("MOVE /old HTTP/1.0", "Destination: http://a/new\r\n").status, 502);
}

TEST(Destination, that_is_malformed_gets_400) {
  for (const char* text :
       {"", "new", "../new", "//a/new", "/new#part", "/a b", "/%zz", "/%00", "/%2f", "/../new",
        "http:///new", "http://u@a/new", "http://a/n\xc3\xa9", "*"}) {
    EXPECT_EQ(moved(text).status, 400) << text;
  }
  EXPECT_EQ(outcome_of("MOVE /old HTTP/1.1", "Host: a\r\n").status, 400);
  EXPECT_EQ(moved("/new", "a", "Destination: /new\r\n").status, 400);
  EXPECT_EQ(moved("/" + std::string(256, 'n')).status, 400);
  EXPECT_EQ(moved("/" + std::string(255, 'n')).status, 0);
}

TEST(Destination, is_neither_hidden_nor_the_root_nor_the_source) {
  EXPECT_EQ(moved("/.new").status, 403);
  EXPECT_EQ(moved("/.folder/new").status, 403);
  EXPECT_EQ(moved("/").status, 403);
  EXPECT_EQ(moved("/dir/old").status, 403);
  EXPECT_EQ(moved("/dir/old/").status, 403);
  EXPECT_EQ(moved("/dir//old/below").status, 403);
  EXPECT_EQ(moved("/dir/old2").status, 0);
  EXPECT_EQ(outcome_of("MOVE / HTTP/1.1", "Host: a\r\nDestination: /new\r\n").status, 403);
  const Site site{.writable = true, .dot_files = true};
  const std::string hidden = "Host: a\r\nDestination: /.new\r\n";
  EXPECT_EQ(outcome_of("MOVE /old HTTP/1.1", hidden, site).path, ".new");
  const std::string own = "Host: a\r\nDestination: /.quoit-new\r\n";
  EXPECT_EQ(outcome_of("MOVE /old HTTP/1.1", own, site).status, 403);
}

TEST(Overwrite, is_T_or_F) {
  EXPECT_TRUE(moved("/new").may_replace);
  EXPECT_TRUE(moved("/new", "a", "Overwrite: T\r\n").may_replace);
  EXPECT_FALSE(moved("/new", "a", "Overwrite: F\r\n").may_replace);
  EXPECT_FALSE(moved("/new", "a", "Overwrite: f\r\n").may_replace);
  EXPECT_EQ(moved("/new", "a", "Overwrite: no\r\n").status, 400);
  EXPECT_EQ(moved("/new", "a", "Overwrite: T\r\nOverwrite: F\r\n").status, 400);
}

}  // namespace
}  // namespace server
