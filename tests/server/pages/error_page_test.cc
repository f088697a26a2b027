// The pages for errors: their words, their links, and that they fit.
#include "apps/server/pages/error_page.h"

#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

std::string page(const ErrorPage& error) {
  std::string space(most_error_page_bytes, '?');
  const std::size_t size = write_error_page(error, space);
  EXPECT_GT(size, 0U);
  return space.substr(0, size);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Error_page, says_the_status_and_a_sentence) {
  const std::string text = page({404, "Not Found", "there is nothing of this name", "/a"});
  EXPECT_TRUE(text.starts_with("<!doctype html>\n<html lang=\"en\">"));
  EXPECT_TRUE(contains(text, "<title>404 Not Found · quoit</title>"));
  EXPECT_TRUE(contains(text, "<h1>404 Not Found</h1>"));
  EXPECT_TRUE(contains(text, "<p>There is nothing of this name.</p>"));
  EXPECT_FALSE(contains(text, "@status@"));
}

TEST(Error_page, leads_back) {
  const auto links = [](std::string_view path) {
    const std::string text = page({404, "Not Found", "", path});
    const std::size_t begin = text.rfind("<p>") + 3;
    return text.substr(begin, text.rfind("</p>") - begin);
  };
  EXPECT_EQ(links("/a"), "<a href=\"/\">Back to the first page</a>");
  EXPECT_EQ(links(""), "<a href=\"/\">Back to the first page</a>");
  EXPECT_EQ(links("/a/b"),
            "<a href=\"./\">Back to the folder</a> · <a href=\"../\">First page</a>");
  EXPECT_EQ(links("/a/b/"),
            "<a href=\"../\">Back to the folder</a> · <a href=\"../../\">First page</a>");
  EXPECT_TRUE(contains(links(std::string(4000, '/')), "href=\"/\""));
  EXPECT_TRUE(contains(page({401, "Unauthorized", "", "/a"}), ">Sign in</a>"));
}

TEST(Error_page, has_only_text_of_others) {
  EXPECT_TRUE(contains(page({400, "Bad Request", "<script>", "/\"><script>"}), "&lt;script&gt;."));
  EXPECT_FALSE(contains(page({400, "Bad Request", "<script>", "/\"><script>"}), "<script"));
}

}  // namespace
}  // namespace server
