// The record of an unfinished upload, as text.
#include "apps/client/command/upload_record.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

const std::string whole =
    "quoit-upload 1\nurl http://h/a?b\nfile /home/a b\nsize 12345678901\nmodified -5\n"
    "inode 7\nterms 00000000000000ff\nupload http://h/.quoit-1.upload\nend\n";

const UploadRecord record{.url = "http://h/a?b",
                          .file = "/home/a b",
                          .version = {.size = 12345678901, .modified_ns = -5, .inode = 7},
                          .terms = 255,
                          .upload = "http://h/.quoit-1.upload"};

TEST(UploadRecord, IsReadAsItWasWritten) {
  EXPECT_EQ(write_upload_record(record), whole);
  const std::optional<UploadRecord> read = read_upload_record(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->url, record.url);
  EXPECT_EQ(read->file, record.file);
  EXPECT_EQ(read->version, record.version);
  EXPECT_EQ(read->terms, record.terms);
  EXPECT_EQ(read->upload, record.upload);
}

TEST(UploadRecord, HoldsTheLargestNumbers) {
  UploadRecord large = record;
  large.version = {.size = std::numeric_limits<std::uint64_t>::max(),
                   .modified_ns = std::numeric_limits<std::int64_t>::max(),
                   .inode = std::numeric_limits<std::uint64_t>::max()};
  large.terms = std::numeric_limits<std::uint64_t>::max();
  const std::optional<UploadRecord> read = read_upload_record(write_upload_record(large));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, large.version);
  EXPECT_EQ(read->terms, large.terms);
}

TEST(UploadRecord, IsNoneWhereItIsNotWhole) {
  for (std::size_t count = 0; count < whole.size(); ++count) {
    EXPECT_FALSE(read_upload_record(whole.substr(0, count))) << count;
  }
  EXPECT_FALSE(read_upload_record(whole + "x"));
}

std::string with(const std::string& old_line, const std::string& line) {
  std::string text = whole;
  text.replace(text.find(old_line), old_line.size(), line);
  return text;
}

TEST(UploadRecord, IsNoneWhereALineIsWrong) {
  const std::vector<std::string> texts = {
      with("quoit-upload 1", "quoit-upload 2"),
      with("url http://h/a?b\n", ""),
      with("url http://h/a?b", "url "),
      with("size 12345678901", "size 012345678901"),
      with("size 12345678901", "size 18446744073709551616"),
      with("size 12345678901", "size -1"),
      with("modified -5", "modified +5"),
      with("modified -5", "modified 1.5"),
      with("inode 7", "inode"),
      with("terms 00000000000000ff", "terms 00000000000000FF"),
      with("terms 00000000000000ff", "terms ff"),
      with("upload http", "Upload http"),
      with("/home", "/" + std::string(most_upload_record_bytes, 'a')),
  };
  for (const std::string& text : texts)
    EXPECT_FALSE(read_upload_record(text)) << text.substr(0, 200);
}

TEST(UploadRecord, IsNotWrittenWithWhatCannotBeRead) {
  UploadRecord bad = record;
  bad.file = "/a\nb";
  EXPECT_EQ(write_upload_record(bad), "");
  EXPECT_EQ(write_upload_record({}), "");
  bad.file.assign(most_upload_record_bytes, 'a');
  EXPECT_EQ(write_upload_record(bad), "");
}

TEST(Terms, DifferWhereTheFirstRequestDiffers) {
  Settings settings;
  const std::uint64_t plain = terms_of(settings, {});
  settings.keeps_times = true;
  EXPECT_NE(terms_of(settings, {}), plain);
  settings.keeps_times = false;
  settings.headers = {{"If-None-Match", "*"}};
  const std::uint64_t conditional = terms_of(settings, {});
  EXPECT_NE(conditional, plain);
  settings.headers = {{"If-None-Matc", "h*"}};
  EXPECT_NE(terms_of(settings, {}), conditional);
}

TEST(Terms, DifferWhereTheConditionDiffers) {
  const std::uint64_t none = terms_of({}, {});
  const std::uint64_t absent = terms_of({}, {.is_absent = true});
  const std::uint64_t tagged = terms_of({}, {.tag = "\"t\""});
  const std::uint64_t dated = terms_of({}, {.unchanged_since = 5});
  EXPECT_NE(none, absent);
  EXPECT_NE(none, tagged);
  EXPECT_NE(none, dated);
  EXPECT_NE(tagged, terms_of({}, {.tag = "\"u\""}));
}

TEST(Terms, DoNotDependOnCredentials) {
  Settings settings;
  const std::uint64_t plain = terms_of(settings, {});
  settings.user = "alice";
  settings.headers = {{"Authorization", "Bearer x"}, {"Cookie", "a=b"}};
  EXPECT_EQ(terms_of(settings, {}), plain);
}

}  // namespace
}  // namespace client
