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

// The links of the rows of a page.
std::vector<std::string> links(const std::string& page) {
  std::vector<std::string> all;
  for (std::size_t at = std::min(page.find("<tbody>"), page.size());
       (at = page.find("href=\"", at)) != std::string::npos;) {
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

// The policy permits what the page contains; files of the site have none.
TEST(Listing, HasAPolicyOfItsOwn) {
  Site site({"--header", "Content-Security-Policy: default-src 'self'"});
  site.root.write("a.html", "hello");
  RawClient client = site.connect();
  const Response page = client.ask(get("/"));
  EXPECT_NE(page.field("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.field("X-Content-Type-Options"), "nosniff");
  for (const char* target : {"/a.html", "/?json"}) {
    const Response other = client.ask(get(target));
    EXPECT_EQ(other.field("Content-Security-Policy"), "default-src 'self'");
    EXPECT_EQ(other.field("X-Content-Type-Options"), "");
  }
  const Response missing = client.ask(get("/b", {"Accept: text/html,*/*;q=0.8"}));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(missing.body.find("<h1>404 Not Found</h1>"), std::string::npos);
  EXPECT_NE(missing.field("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(client.ask(get("/b")).body, "404 Not Found: there is nothing of this name\n");
}

// The style of a page and the page of an error are larger than a small block.
TEST(Listing, IsWholeWithSmallBlocks) {
  Site site({"--writable"});
  for (int i = 0; i < 300; ++i) site.root.write("d/file-" + std::to_string(i), "");
  RawClient client = site.connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += get(i % 2 ? "/d/" : "/b", {"Accept: text/html"});
  client.send(requests);
  for (int i = 0; i < 20; ++i) {
    const Response response = client.read_response();
    EXPECT_TRUE(response.whole);
    EXPECT_TRUE(response.body.ends_with("</html>\n"));
    EXPECT_EQ(response.status, i % 2 ? 200 : 404);
  }
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
