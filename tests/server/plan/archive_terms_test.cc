// Which queries ask for archives, and the file names that clients get.
#include "apps/server/plan/archive_terms.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace server {
namespace {

// The value of Content-Disposition behind "attachment; ".
std::string disposition(std::string_view path, ArchiveFormat format = ArchiveFormat::tar) {
  std::array<char, most_archive_lines_bytes> buffer;
  const std::string text(archive_lines(format, path, buffer));
  constexpr std::string_view begin = "Content-Disposition: attachment; ";
  EXPECT_TRUE(text.starts_with(begin)) << text;
  EXPECT_TRUE(text.ends_with("\r\nAccept-Ranges: none\r\nX-Content-Type-Options: nosniff\r\n"));
  return text.substr(begin.size(), text.find("\r\n") - begin.size());
}

TEST(ArchiveTerms, name_the_format_that_a_query_asks_for) {
  EXPECT_EQ(archive_format("tar"), ArchiveFormat::tar);
  EXPECT_EQ(archive_format("tar="), ArchiveFormat::tar);
  EXPECT_EQ(archive_format("zip"), ArchiveFormat::zip);
  EXPECT_EQ(archive_format("zip="), ArchiveFormat::zip);
  for (const std::string_view query :
       {"", "=", "TAR", "tar=1", "tar==", "tar&zip", "tgz", "json"}) {
    EXPECT_EQ(archive_format(query), ArchiveFormat::none) << query;
  }
}

TEST(ArchiveTerms, name_the_archive_after_its_directory) {
  EXPECT_EQ(disposition("photos"), "filename=\"photos.tar\"");
  EXPECT_EQ(disposition("a/b c-1.0", ArchiveFormat::zip), "filename=\"b c-1.0.zip\"");
  EXPECT_EQ(disposition("."), "filename=\"files.tar\"");
  EXPECT_EQ(archive_name("."), "");
  EXPECT_EQ(archive_name("a/b"), "b");
}

TEST(ArchiveTerms, encode_names_that_are_not_plain) {
  EXPECT_EQ(disposition("k\xc3\xa4se"), "filename=\"k_se.tar\"; filename*=UTF-8''k%c3%a4se.tar");
  EXPECT_EQ(disposition("a\"b\\c%41;"),
            "filename=\"a_b_c_41_.tar\"; filename*=UTF-8''a%22b_c%2541%3b.tar");
  EXPECT_EQ(disposition("latin\xe4"), "filename=\"latin_.tar\"; filename*=UTF-8''latin_.tar");
  EXPECT_EQ(disposition(".hidden"), "filename=\"_hidden.tar\"; filename*=UTF-8''_hidden.tar");
}

TEST(ArchiveTerms, cut_long_names_between_characters) {
  std::string name;
  for (int i = 0; i < 85; ++i) name += "\xe2\x82\xac";
  const std::string text = disposition(name);
  EXPECT_TRUE(text.ends_with("%e2%82%ac.tar")) << text;
  EXPECT_LT(text.size(), most_archive_lines_bytes - 100);
  EXPECT_EQ(disposition(std::string(255, 'x')), "filename=\"" + std::string(200, 'x') + ".tar\"");
}

}  // namespace
}  // namespace server
