// Archives as bytes, read again by libarchive. tests/clients/archives_test has the other readers.
#include "apps/server/archive/archive_writer.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "apps/server/archive/archives.h"
#include "tests/server/archive/archive_lab.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::unpack;
using Files = std::map<std::string, std::string>;

class Writes : public ::testing::TestWithParam<ArchiveFormat> {
 protected:
  Writes() : before_(archives_.utf8 ? ::uselocale(archives_.utf8) : nullptr) {}
  ~Writes() override {
    if (before_) ::uselocale(before_);
  }
  void add(const std::string& path, const std::string& content) {
    ASSERT_TRUE(writer.begin({.path = path, .size = content.size(), .mtime_seconds = 1}));
    ASSERT_TRUE(content.empty() || writer.add(content));
    ASSERT_TRUE(writer.end_entry());
  }
  ArchiveWriter writer{GetParam()};

 private:
  Archives archives_;
  const locale_t before_;
};

INSTANTIATE_TEST_SUITE_P(Formats, Writes, ::testing::Values(ArchiveFormat::tar, ArchiveFormat::zip),
                         [](const auto& test) {
                           return test.param == ArchiveFormat::tar ? "tar" : "zip";
                         });

TEST_P(Writes, files_and_directories) {
  const std::string large = lab::pattern(300'000);
  const std::string deep(300, 'n');
  ASSERT_TRUE(writer.begin({.path = "d", .is_directory = true}));
  ASSERT_TRUE(writer.end_entry());
  add("d/a", "hello");
  add("d/empty", "");
  add("d/large", large);
  add("d/k\xc3\xa4se", "umlaut");
  add("d/" + deep.substr(0, 200) + "/" + deep.substr(0, 200), "deep");
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(unpack(writer.bytes()),
            (Files{{"d/", ""},
                   {"d/a", "hello"},
                   {"d/empty", ""},
                   {"d/large", large},
                   {"d/k\xc3\xa4se", "umlaut"},
                   {"d/" + deep.substr(0, 200) + "/" + deep.substr(0, 200), "deep"}}));
}

TEST_P(Writes, nothing_but_its_end_without_entries) {
  ASSERT_TRUE(writer.finish());
  EXPECT_GT(writer.bytes().size(), 0U);
  EXPECT_EQ(unpack(writer.bytes()), Files{});
}

// What was written is given out at once, so that the caller's memory is bounded.
TEST_P(Writes, in_pieces_that_can_be_taken_at_any_time) {
  const std::string content = lab::pattern(1'000'000);
  std::string all;
  ASSERT_TRUE(writer.begin({.path = "a", .size = content.size()}));
  for (std::size_t at = 0; at < content.size(); at += 50'000) {
    ASSERT_TRUE(writer.add(std::string_view(content).substr(at, 50'000)));
    EXPECT_LT(writer.bytes().size(), 200'000U);
    all += writer.bytes();
    writer.clear();
  }
  ASSERT_TRUE(writer.end_entry());
  ASSERT_TRUE(writer.finish());
  all += writer.bytes();
  EXPECT_EQ(unpack(all), (Files{{"a", content}}));
}

TEST_P(Writes, no_end_of_an_archive_that_is_abandoned) {
  std::string all;
  {
    ArchiveWriter abandoned(GetParam());
    ASSERT_TRUE(abandoned.begin({.path = "a", .size = 10}));
    ASSERT_TRUE(abandoned.add("half"));
    all = abandoned.bytes();
  }
  bool is_whole = true;
  unpack(all, is_whole);
  EXPECT_FALSE(is_whole);
}

// Readers refuse a whole zip for one name that is not UTF-8, and Windows takes a backslash for a
// slash.
TEST(ZipNames, are_safe_for_readers) {
  const Archives archives;
  ArchiveWriter writer(ArchiveFormat::zip);
  ASSERT_TRUE(writer.begin({.path = "latin\xe4", .size = 0}));
  ASSERT_TRUE(writer.end_entry());
  ASSERT_TRUE(writer.begin({.path = "..\\up", .size = 0}));
  ASSERT_TRUE(writer.end_entry());
  ASSERT_TRUE(writer.finish());
  EXPECT_NE(writer.bytes().find("latin\xef\xbf\xbd"), std::string_view::npos);
  EXPECT_EQ(writer.bytes().find('\\'), std::string_view::npos);
}

TEST(Zip, has_a_bound_of_entries) {
  ArchiveWriter writer(ArchiveFormat::zip);
  const std::string path(4000, 'x');
  std::size_t count = 0;
  while (writer.begin({.path = path, .is_directory = true}) && writer.end_entry()) {
    ++count;
    writer.clear();
  }
  EXPECT_GT(count, 7'000U);
  EXPECT_LT(count, 9'000U);
}

}  // namespace
}  // namespace server
