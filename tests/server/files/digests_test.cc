// Digests of files, on the worker and on threads, and the cache.
#include "apps/server/files/digests.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <time.h>

#include <gtest/gtest.h>

#include "parser/base64.h"
#include "tests/server/world.h"
#include "uring/fd.h"
#include "uring/make_engine.h"

namespace server {
namespace {

using uring::Fault;

std::string text_of(const Digest& digest) {
  std::array<char, 128> text{};
  return std::string(http1::encode_base64(digest.value(), text));
}

// The digest of bytes in memory, which the tests of crypto/ compare with those of the standards.
std::string digest_of(std::string_view bytes, DigestAlgorithm algorithm) {
  Digest digest{.algorithm = algorithm};
  EXPECT_TRUE(digest_bytes(bytes, digest));
  return text_of(digest);
}

struct Call {
  Digests* digests;
  int file;
  std::uint64_t begin;
  std::uint64_t end;
  bool is_whole = false;
  Digest digest{};
  Fault fault = Fault::none;
};

uring::Task<> run(uring::Io& io, Call& call) {
  Fault fault = Fault::none;
  if (call.is_whole) {
    const Fault whole = co_await digest_file(io, call.digests, call.file, call.end, call.digest);
    fault = whole;
  } else {
    const Fault part =
        co_await digest_part(io, call.digests, call.file, call.begin, call.end, call.digest);
    fault = part;
  }
  call.fault = fault;
}

// On an engine of the kernel, because a thread reports its end by an event descriptor.
class DigestsOfFiles : public ::testing::Test {
 protected:
  DigestsOfFiles() : content(lab::pattern(300'000)) {
    folder.put("file", content);
    file.reset(::open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC));
  }
  void compute(Call& call) {
    const auto engine = uring::make_engine(uring::EngineChoice::epoll, {}).engine;
    uring::Loop loop(*engine);
    uring::Scope scope(loop);
    uring::Io io(scope);
    scope.spawn(run(io, call));
    while (!scope.empty()) loop.iterate(uring::forever);
  }

  lab::Folder folder;
  std::string content;
  uring::Fd file;
  Digests digests;
};

TEST_F(DigestsOfFiles, are_those_of_their_bytes_on_a_thread_and_on_the_worker) {
  for (Digests* const threads : {static_cast<Digests*>(nullptr), &digests}) {
    for (const auto algorithm : {DigestAlgorithm::sha_256, DigestAlgorithm::sha_512}) {
      Call whole{.digests = threads, .file = file.get(), .begin = 0, .end = content.size()};
      whole.digest.algorithm = algorithm;
      compute(whole);
      EXPECT_EQ(whole.fault, Fault::none);
      EXPECT_EQ(text_of(whole.digest), digest_of(content, algorithm));
      Call part{.digests = threads, .file = file.get(), .begin = 7, .end = 200'001};
      part.digest.algorithm = algorithm;
      compute(part);
      EXPECT_EQ(text_of(part.digest), digest_of(content.substr(7, 199'994), algorithm));
    }
  }
}

TEST_F(DigestsOfFiles, of_no_bytes_are_those_of_an_empty_text) {
  Call none{.digests = &digests, .file = file.get(), .begin = 5, .end = 5};
  compute(none);
  EXPECT_EQ(text_of(none.digest), digest_of("", DigestAlgorithm::sha_256));
}

TEST_F(DigestsOfFiles, that_are_shorter_than_expected_are_a_fault) {
  Call call{.digests = &digests, .file = file.get(), .begin = 0, .end = content.size() + 1};
  compute(call);
  EXPECT_EQ(call.fault, Fault::device_error);
}

TEST_F(DigestsOfFiles, are_cached_until_the_file_changes) {
  Call call{
      .digests = &digests, .file = file.get(), .begin = 0, .end = content.size(), .is_whole = true};
  compute(call);
  struct stat status {};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  // What the cache has is not computed again, as a digest shows that the file does not have.
  Digest cached;
  ASSERT_TRUE(digest_bytes("other bytes", cached));
  EXPECT_NE(text_of(cached), text_of(call.digest));
  digests.cache.insert(status, cached);
  compute(call);
  EXPECT_EQ(text_of(call.digest), text_of(cached));
  Digest longer{.algorithm = DigestAlgorithm::sha_512};
  EXPECT_FALSE(digests.cache.find(status, longer));
  struct stat other = status;
  other.st_ctim.tv_nsec ^= 1;
  EXPECT_FALSE(digests.cache.find(other, cached));
  other = status;
  ++other.st_size;
  EXPECT_FALSE(digests.cache.find(other, cached));
}

TEST_F(DigestsOfFiles, of_many_files_replace_each_other) {
  struct stat status {};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  Digest digest;
  for (ino_t inode = 1; inode <= 10'000; ++inode) {
    status.st_ino = inode;
    digests.cache.insert(status, digest);
    EXPECT_TRUE(digests.cache.find(status, digest)) << inode;
  }
}

}  // namespace
}  // namespace server
