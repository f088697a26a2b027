// Directories as a person, a script and a crawler see them.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

// What a page links to.
std::vector<std::string> links(const std::string& page) {
  std::vector<std::string> all;
  for (std::size_t at = 0; (at = page.find("href=\"", at)) != std::string::npos;) {
    at += 6;
    all.push_back(page.substr(at, page.find('"', at) - at));
  }
  return all;
}

// Follows all links below `target`, as wget -r does, and returns what the files contain.
std::vector<std::string> crawl(RawClient& client, const std::string& target) {
  std::vector<std::string> contents;
  const Response page = client.ask(get(target));
  EXPECT_EQ(page.status, 200) << target;
  for (const std::string& link : links(page.body)) {
    if (link == "../") continue;
    if (link.ends_with('/')) {
      for (const std::string& content : crawl(client, target + link)) contents.push_back(content);
    } else {
      const Response file = client.ask(get(target + link));
      EXPECT_EQ(file.status, 200) << target << link;
      contents.push_back(file.body);
    }
  }
  return contents;
}

TEST(Listing, LeadsACrawlerToEveryFile) {
  Site site;
  std::vector<std::string> all;
  for (const std::string name :
       {"a", "with space", "a&b<c>", "100%", "q?x=1#y", "latin\xe4", "k\xc3\xa4se", "\"quoted\"",
        "d/e/f/deep", "d/:colon", "d/+plus"}) {
    site.root.write(name, name);
    all.push_back(name);
  }
  RawClient client = site.connect();
  std::vector<std::string> found = crawl(client, "/");
  std::sort(found.begin(), found.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(found, all);
}

TEST(Listing, IsAPageOrJsonAsTheClientLikes) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  const Response page = client.ask(get("/", {"Accept: text/html,*/*;q=0.8"}));
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.field("Vary"), "Accept");
  for (const Response& json :
       {client.ask(get("/?json")), client.ask(get("/", {"Accept: application/json"}))}) {
    EXPECT_EQ(json.field("Content-Type"), "application/json");
    EXPECT_NE(json.body.find("\"name\":\"a\""), std::string::npos);
    EXPECT_NE(json.body.find("\"size\":5}"), std::string::npos);
  }
  const Response head = client.ask(request("HEAD", "/"), RawClient::To::head);
  EXPECT_EQ(head.field("Content-Length"), std::to_string(page.body.size()));
  EXPECT_EQ(client.ask(get("/", {"If-None-Match: " + page.field("ETag")})).status, 304);
}

TEST(Listing, MayBeOff) {
  Site site({"--listing", "off"});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/")).status, 404);
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
}

// One worker: what is asked meanwhile on another connection does not wait for the end.
TEST(Listing, OfALargeDirectoryIsWhole) {
  Site site({}, {.workers = 1});
  for (int i = 0; i < 20'000; ++i) site.root.write("d/file-" + std::to_string(i), "");
  site.root.write("small", "hello");
  RawClient client = site.connect();
  RawClient other = site.connect();
  client.send(get("/d/"));
  EXPECT_EQ(other.ask(get("/small")).body, "hello");
  const Response response = client.read_response();
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(links(response.body).size(), 20'001U);
}

}  // namespace
