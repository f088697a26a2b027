// The record of an unfinished download, as text.
#include "apps/client/command/part_record.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

const std::string whole =
    "quoit-part 1\nurl http://h/a?b\nvalidator \"tag\"\nsize 12345678901\nend\n";

TEST(PartRecord, IsReadAsItWasWritten) {
  const PartRecord record{.url = "http://h/a?b",
                          .version = {.validator = "\"tag\"", .size = 12345678901}};
  EXPECT_EQ(write_record(record), whole);
  const std::optional<PartRecord> read = read_record(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->url, record.url);
  EXPECT_EQ(read->version.validator, record.version.validator);
  EXPECT_EQ(read->version.size, record.version.size);
  const PartRecord sizeless{.url = "http://h/",
                            .version = {.validator = "Sun, 06 Nov 1994 08:49:37 GMT"}};
  const std::optional<PartRecord> again = read_record(write_record(sizeless));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->version.size, std::nullopt);
}

TEST(PartRecord, SaysWhichRangesAreThere) {
  PartRecord record{.url = "http://h/", .version = {.validator = "\"t\"", .size = 100}};
  for (const std::vector<ByteRange>& done :
       {std::vector<ByteRange>{}, std::vector<ByteRange>{{0, 10}, {20, 100}}}) {
    record.done = done;
    const std::optional<PartRecord> read = read_record(write_record(record));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->done, done);
  }
  record.version.size.reset();
  EXPECT_EQ(write_record(record), "");
  const std::string head = "quoit-part 1\nurl http://h/\nvalidator \"t\"\n";
  EXPECT_TRUE(read_record(head + "size 100\ndone 0-99\nend\n"));
  EXPECT_FALSE(read_record(head + "size 100\ndone 0-100\nend\n"));
  EXPECT_FALSE(read_record(head + "size 100\ndone 5-9,0-1\nend\n"));
  EXPECT_FALSE(read_record(head + "done 0-9\nend\n"));
}

TEST(PartRecord, IsNoneWhereItIsNotWhole) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_record(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(read_record(whole + "x"));
}

TEST(PartRecord, IsNoneWhereALineIsWrong) {
  const std::vector<std::string> texts = {
      "quoit-part 2\nurl http://h/\nvalidator \"t\"\nend\n",
      "quoit-part 1\nurl \nvalidator \"t\"\nend\n",
      "quoit-part 1\nvalidator \"t\"\nurl http://h/\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator W/\"t\"\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator t\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator \"t\"\r\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator \"t\"\nsize -1\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator \"t\"\nsize\nend\n",
      "quoit-part 1\nurl http://h/\nvalidator \"t\"\nsize 1\nsize 1\nend\n",
      "quoit-part 1\nurl http://h/" + std::string(most_record_bytes, 'a') +
          "\nvalidator \"t\"\nend\n",
  };
  for (const std::string& text : texts) EXPECT_FALSE(read_record(text)) << text.substr(0, 100);
}

TEST(PartRecord, IsNotWrittenWithWhatCannotBeRead) {
  EXPECT_EQ(write_record({.url = "http://h/\n", .version = {.validator = "\"t\""}}), "");
  EXPECT_EQ(write_record({.url = "http://h/", .version = {.validator = "t"}}), "");
  EXPECT_EQ(write_record({.url = "http://h/" + std::string(most_record_bytes, 'a'),
                          .version = {.validator = "\"t\""}}),
            "");
}

}  // namespace
}  // namespace client
