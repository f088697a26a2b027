// Digests of files that are read or that pass.
#include "apps/client/local/file_digest.h"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace client {
namespace {

using test_support::noise;
using test_support::Scratch;

std::optional<Sha256> digest_of(std::string_view bytes) {
  FileDigest digest;
  digest.add(bytes);
  return digest.finish();
}

uring::Task<> read_open(uring::Io& io, FileDigest& digest, int fd, std::uint64_t end, int& error) {
  const int read = co_await read_into(io, digest, fd, end);
  error = read;
}

uring::Task<> read_named(uring::Io& io, FileDigest& digest, const std::string& name, int& error) {
  const int read = co_await read_file_into(io, digest, name);
  error = read;
}

class FileDigests : public testing::Test {
 protected:
  int read(FileDigest& digest, const std::string& name, std::uint64_t end) {
    const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    int error = -1;
    scope_.spawn(read_open(io_, digest, fd, end, error));
    loop_.run(scope_);
    ::close(fd);
    return error;
  }
  int read_file(FileDigest& digest, const std::string& name) {
    int error = -1;
    scope_.spawn(read_named(io_, digest, name, error));
    loop_.run(scope_);
    return error;
  }

  const Scratch scratch_;
  uring::Simulated engine_;
  uring::Loop loop_{engine_};
  uring::Scope scope_{loop_};
  uring::Io io_{scope_};
};

TEST_F(FileDigests, AddWhatDidNotPass) {
  const std::string bytes = noise(600'000);
  scratch_.write("f", bytes);
  FileDigest digest;
  digest.add(bytes.substr(0, 1000));
  EXPECT_EQ(read(digest, scratch_.path("f"), 500'000), 0);
  EXPECT_EQ(digest.size(), 500'000U);
  digest.add(bytes.substr(500'000));
  EXPECT_EQ(digest.finish(), digest_of(bytes));
}

TEST_F(FileDigests, BeginAnewWhereTooMuchPassed) {
  const std::string bytes = noise(1000);
  scratch_.write("f", bytes);
  FileDigest digest;
  digest.add("something else" + bytes);
  EXPECT_EQ(read(digest, scratch_.path("f"), 1000), 0);
  EXPECT_EQ(digest.finish(), digest_of(bytes));
}

TEST_F(FileDigests, ReadAFileByItsName) {
  scratch_.write("f", "hello");
  scratch_.write("empty", "");
  FileDigest digest;
  FileDigest empty;
  EXPECT_EQ(read_file(digest, scratch_.path("f")), 0);
  EXPECT_EQ(digest.finish(), digest_of("hello"));
  EXPECT_EQ(read_file(empty, scratch_.path("empty")), 0);
  EXPECT_EQ(empty.finish(), digest_of(""));
}

TEST_F(FileDigests, FailWhereThereIsLess) {
  scratch_.write("f", "hello");
  ASSERT_EQ(::mkfifo(scratch_.path("pipe").c_str(), 0600), 0);
  FileDigest digest;
  EXPECT_EQ(read(digest, scratch_.path("f"), 6), ESTALE);
  EXPECT_EQ(read_file(digest, scratch_.path("missing")), ENOENT);
  EXPECT_EQ(read_file(digest, scratch_.path("pipe")), EINVAL);
}

}  // namespace
}  // namespace client
