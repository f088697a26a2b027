// The parts of the status page that need no browser.
#include "apps/server/pages/status_page.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace server {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

TEST(StatusPage, has_the_rows_for_browsers_without_scripts) {
  const std::array<StatusRow, 2> rows = {{{"requests", "12"}, {"engine", "epoll"}}};
  const std::string page = write_status_page(rows);
  const std::size_t begin = page.find("<noscript>");
  const std::string table = page.substr(begin, page.find("</noscript>") - begin);
  EXPECT_NE(table.find("<tr><th scope=\"row\">requests</th><td>12</td></tr>\n"
                       "<tr><th scope=\"row\">engine</th><td>epoll</td></tr>\n"),
            std::string::npos)
      << table;
}

TEST(StatusPage, is_one_page_that_loads_nothing_from_elsewhere) {
  const std::string page = write_status_page({});
  EXPECT_TRUE(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_EQ(count_of(page, "<script"), 1U);
  EXPECT_EQ(count_of(page, "<style"), 1U);
  EXPECT_EQ(count_of(page, "<h1"), 1U);
  EXPECT_EQ(count_of(page, "<main"), 1U);
  EXPECT_EQ(page.find(" style="), std::string::npos) << "the policy forbids it";
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("https://"), std::string::npos);
  EXPECT_EQ(page.find('@' + std::string("style@")), std::string::npos) << "a part is missing";
  EXPECT_LT(page.size(), 25U * 1024);
}

// The hash of the empty text, which stands there if the files were not found.
TEST(StatusPage, has_a_policy_with_the_hashes_of_its_own_style_and_script) {
  const std::string_view policy = status_page_policy();
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-"));
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_EQ(policy.find("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), std::string_view::npos);
  for (const char* part : {"script-src 'sha256-", "base-uri 'none'", "form-action 'none'",
                           "frame-ancestors 'none'", "connect-src 'self'"}) {
    EXPECT_NE(policy.find(part), std::string_view::npos) << part;
  }
}

}  // namespace
}  // namespace server
