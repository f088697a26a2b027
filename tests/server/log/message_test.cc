// Lines on standard error, with priorities where the journal reads them.
#include "apps/server/log/message.h"

#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Message, EachLineBeginsWithItsPriorityInTheJournalAlone) {
  EXPECT_EQ(message_lines(Severity::info, "quoitd: a", false), "quoitd: a\n");
  EXPECT_EQ(message_lines(Severity::info, "quoitd: a", true), "<6>quoitd: a\n");
  EXPECT_EQ(message_lines(Severity::error, "a\nb", true), "<3>a\n<3>b\n");
  EXPECT_EQ(message_lines(Severity::warning, "", true), "<4>\n");
}

TEST(Message, IsPrintedWithTheNameOfTheProgram) {
  ::testing::internal::CaptureStderr();
  print_message(Severity::warning, "%s has %d", "a", 7);
  print_line(Severity::info, "quoitd 1 serves");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "quoitd: a has 7\nquoitd 1 serves\n");
}

TEST(Message, ALongTextIsCut) {
  ::testing::internal::CaptureStderr();
  print_message(Severity::info, "%s", std::string(2 * most_message_bytes, 'x').c_str());
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.size(), most_message_bytes);
  EXPECT_TRUE(text.ends_with("x\n"));
}

TEST(Message, TheJournalIsKnownByDeviceAndInode) {
  struct stat status {};
  ASSERT_EQ(::fstat(STDIN_FILENO, &status), 0);
  const std::string device = std::to_string(status.st_dev);
  const std::string inode = std::to_string(status.st_ino);
  const auto is_stdin = [](const std::string& text) {
    return is_journal(text.c_str(), STDIN_FILENO);
  };
  EXPECT_TRUE(is_stdin(device + ":" + inode));
  EXPECT_FALSE(is_stdin(device + ":" + inode + "1"));
  EXPECT_FALSE(is_stdin("1" + device + ":" + inode));
  for (const std::string text : {"", ":", "1", "1:", ":1", "a:b"}) EXPECT_FALSE(is_stdin(text));
  EXPECT_FALSE(is_stdin(device + ":" + inode + " "));
  EXPECT_FALSE(is_journal(nullptr, STDIN_FILENO));
  EXPECT_FALSE(is_journal((device + ":" + inode).c_str(), -1));
}

}  // namespace
}  // namespace server
