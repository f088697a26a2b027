// A directory is borrowed in one loop iteration, and closed after its last borrower.
#include "apps/server/files/last_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/simulated.h"

namespace server {
namespace {

class Borrowing : public ::testing::Test {
 protected:
  static int open() { return ::open("/", O_PATH | O_CLOEXEC); }
  static bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

  uring::Simulated engine;
  LastDirectory last{engine};
};

TEST_F(Borrowing, is_for_one_path_in_one_loop_iteration) {
  LastDirectory::Entry* const entry = last.replace("a/b", 7, open(), {.device = 1, .inode = 2});
  EXPECT_EQ(last.borrow("a/b", 7), entry);
  EXPECT_EQ(entry->id.inode, 2U);
  EXPECT_EQ(last.borrow("a/b", 8), nullptr);
  EXPECT_EQ(last.borrow("a", 7), nullptr);
  EXPECT_EQ(last.borrow("a/bc", 7), nullptr);
  last.give_back(*entry);
  last.give_back(*entry);
  EXPECT_EQ(last.borrow("a/b", 7), entry) << "it stays open for the next borrower";
  last.give_back(*entry);
}

TEST_F(Borrowing, closes_a_replaced_directory_after_its_last_borrower) {
  LastDirectory::Entry* const first = last.replace("", 1, open(), {});
  const int fd = first->fd;
  EXPECT_EQ(last.borrow("", 1), first);
  LastDirectory::Entry* const second = last.replace("", 2, open(), {});
  last.give_back(*first);
  EXPECT_TRUE(is_open(fd));
  last.give_back(*first);
  EXPECT_FALSE(is_open(fd));
  const int second_fd = second->fd;
  last.give_back(*second);
  EXPECT_TRUE(is_open(second_fd));
  last.give_back(*last.replace("x", 2, open(), {}));
  EXPECT_FALSE(is_open(second_fd));
}

TEST_F(Borrowing, ends_when_the_directory_is_closed) {
  LastDirectory::Entry* const entry = last.replace("", 1, open(), {});
  const int fd = entry->fd;
  last.close();
  last.close();
  EXPECT_EQ(last.borrow("", 1), nullptr);
  EXPECT_TRUE(is_open(fd));
  last.give_back(*entry);
  EXPECT_FALSE(is_open(fd));
}

}  // namespace
}  // namespace server
