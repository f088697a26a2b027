// Names, locks and records of unfinished downloads.
#include "apps/client/local/part_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"
#include "uring/fd.h"

namespace client {
namespace {

TEST(PartFile, StandsHiddenBesideTheTarget) {
  EXPECT_EQ(part_path("a"), ".a.quoit-part");
  EXPECT_EQ(part_path("/x/y/a"), "/x/y/.a.quoit-part");
  EXPECT_EQ(record_path(part_path("a")), ".a.quoit-part.meta");
}

TEST(PartFile, HasANameOfItsOwnForEachLongName) {
  const std::string first = std::string(254, 'a') + "1";
  const std::string second = std::string(254, 'a') + "2";
  EXPECT_LE(record_path(part_path(first)).size(), 255U);
  EXPECT_NE(part_path(first), part_path(second));
  const std::string longest(255 - std::string("..quoit-part.meta").size(), 'a');
  EXPECT_EQ(part_path(longest), "." + longest + ".quoit-part");
  EXPECT_EQ(record_path(part_path(longest)).size(), 255U);
}

class PartFileTest : public testing::Test {
 protected:
  std::string path(const char* name) const { return scratch_.path(name); }
  static uring::Fd open(const std::string& path) {
    return uring::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  }

  const test_support::Scratch scratch_;
};

TEST_F(PartFileTest, IsLockedByOneOnly) {
  const uring::Fd first = open(path("p"));
  {
    const uring::Fd second = open(path("p"));
    EXPECT_EQ(lock_part(first.get(), path("p")), PartLock::taken);
    EXPECT_EQ(lock_part(second.get(), path("p")), PartLock::unusable);
  }
  EXPECT_EQ(lock_part(first.get(), path("p")), PartLock::taken);
}

TEST_F(PartFileTest, IsNotLockedOnceItHasAnotherName) {
  const uring::Fd file = open(path("p"));
  ASSERT_EQ(::rename(path("p").c_str(), path("target").c_str()), 0);
  EXPECT_EQ(lock_part(file.get(), path("p")), PartLock::gone);
  const uring::Fd next = open(path("p"));
  EXPECT_EQ(lock_part(file.get(), path("p")), PartLock::gone);
  EXPECT_EQ(lock_part(next.get(), path("p")), PartLock::taken);
}

TEST_F(PartFileTest, IsNoOtherThanAFileOfThisUser) {
  const uring::Fd file = open(path("p"));
  ASSERT_EQ(::link(path("p").c_str(), path("second").c_str()), 0);
  EXPECT_EQ(lock_part(file.get(), path("p")), PartLock::unusable) << "it has a second name";
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0666), 0);
  const uring::Fd pipe = open(path("pipe"));
  EXPECT_EQ(lock_part(pipe.get(), path("pipe")), PartLock::unusable);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const uring::Fd foreign = open(path("foreign"));
  ASSERT_EQ(::chown(path("foreign").c_str(), 65534, 65534), 0);
  EXPECT_EQ(lock_part(foreign.get(), path("foreign")), PartLock::unusable);
}

TEST_F(PartFileTest, HasARecordThatOnlyItsUserReads) {
  const PartRecord record{.url = "http://h/a", .version = {.validator = "\"t\"", .size = 7}};
  EXPECT_FALSE(load_record(path("r")));
  EXPECT_TRUE(store_record(path("r"), record));
  struct stat facts {};
  ASSERT_EQ(::stat(path("r").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  const std::optional<PartRecord> loaded = load_record(path("r"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->url, "http://h/a");
  EXPECT_EQ(loaded->version.size, 7U);
  ASSERT_EQ(::symlink(path("r").c_str(), path("link").c_str()), 0);
  EXPECT_FALSE(load_record(path("link")));
  EXPECT_TRUE(store_record(path("link"), record)) << "the link is replaced";
  EXPECT_TRUE(load_record(path("link")));
  EXPECT_FALSE(store_record(path("r"), {}));
  EXPECT_FALSE(load_record(path("r"))) << "a record that cannot be written replaces none";
}

TEST_F(PartFileTest, TakesTheBeginningOfAnotherFile) {
  const std::string content(300'000, 'x');
  std::ofstream(path("from")) << content << "rest";
  const uring::Fd to = open(path("to"));
  EXPECT_EQ(copy_beginning(path("from"), to.get(), content.size()), 0);
  struct stat facts {};
  ASSERT_EQ(::fstat(to.get(), &facts), 0);
  EXPECT_EQ(static_cast<std::size_t>(facts.st_size), content.size());
  EXPECT_EQ(copy_beginning(path("from"), to.get(), content.size() + 5), ESTALE);
  EXPECT_EQ(copy_beginning(path("missing"), to.get(), 1), ENOENT);
}

}  // namespace
}  // namespace client
