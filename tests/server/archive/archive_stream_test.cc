// Archives of real directories, step by step and on threads.
#include "apps/server/archive/archive_stream.h"

#include <fcntl.h>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/archive/archive_lab.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::unpack;
using State = Streamed::State;
using Files = std::map<std::string, std::string>;

class Streams : public ::testing::Test {
 protected:
  std::unique_ptr<ArchiveStream> stream(ArchiveFormat format, const std::string& path = "d") {
    uring::Fd directory(::openat(folder.fd(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE(directory.valid()) << path;
    TreeWalk walk(folder.fd(), std::move(directory), path, {});
    return std::make_unique<ArchiveStream>(format, std::move(walk), nullptr, &counters);
  }
  // Makes steps until the file that is read has been opened, and some of it was read.
  static std::string begin(ArchiveStream& stream) {
    std::string all;
    while (stream.state() == State::more && all.size() < 65'536) {
      stream.run();
      all += stream.made();
    }
    EXPECT_EQ(stream.state(), State::more) << "the rest is still to be read";
    return all;
  }
  // Makes all steps that are left.
  static std::string rest(ArchiveStream& stream) {
    std::string all;
    while (stream.state() == State::more) {
      stream.run();
      all += stream.made();
    }
    return all;
  }

  lab::Folder folder;
  WorkerCounters counters;
};

TEST_F(Streams, have_all_files_in_both_formats) {
  folder.put("d/a", "hello");
  folder.put("d/e/large", lab::pattern(1'000'000));
  const Files files{
      {"d/", ""}, {"d/a", "hello"}, {"d/e/", ""}, {"d/e/large", lab::pattern(1'000'000)}};
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    const auto made = stream(format);
    EXPECT_EQ(counters.archives_in_flight.read(), 1U);
    const std::string all = rest(*made);
    EXPECT_EQ(made->state(), State::done);
    EXPECT_EQ(unpack(all), files);
  }
  EXPECT_EQ(counters.archives_in_flight.read(), 0U);
}

TEST_F(Streams, make_steps_of_bounded_size) {
  folder.put("d/large", lab::pattern(3'000'000));
  for (int i = 0; i < 1000; ++i) folder.put("d/file-" + std::to_string(i), "x");
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    const auto made = stream(format);
    int steps = 0;
    while (made->state() == State::more) {
      made->run();
      // The end of a zip names all files.
      EXPECT_LT(made->made().size(), ArchiveStream::step_bytes + 200'000);
      ++steps;
    }
    EXPECT_EQ(made->state(), State::done);
    EXPECT_GT(steps, 10);
  }
}

// A file is read up to the size that its header tells.
TEST_F(Streams, cut_a_file_that_grows) {
  folder.put("d/a", lab::pattern(900'000));
  const auto made = stream(ArchiveFormat::tar);
  std::string all = begin(*made);
  folder.put("d/a", lab::pattern(950'000));
  all += rest(*made);
  EXPECT_EQ(made->state(), State::done);
  EXPECT_EQ(unpack(all).at("d/a").size(), 900'000U);
}

TEST_F(Streams, fail_where_a_file_becomes_shorter) {
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    folder.put("d/a", lab::pattern(900'000));
    const auto made = stream(format);
    std::string all = begin(*made);
    std::filesystem::resize_file(folder / "d/a", 10);
    all += rest(*made);
    EXPECT_EQ(made->state(), State::failed);
    bool is_whole = true;
    unpack(all, is_whole);
    EXPECT_FALSE(is_whole);
    made->end(false);
  }
  EXPECT_EQ(counters.archives[static_cast<std::size_t>(ArchiveResult::broken)].read(), 2U);
}

TEST_F(Streams, keep_the_version_of_a_file_that_is_replaced) {
  folder.put("d/a", lab::pattern(900'000));
  const auto made = stream(ArchiveFormat::tar);
  std::string all = begin(*made);
  folder.put("new", "short");
  std::filesystem::rename(folder / "new", folder / "d/a");
  all += rest(*made);
  EXPECT_EQ(unpack(all).at("d/a"), lab::pattern(900'000));
}

TEST_F(Streams, leave_out_files_that_hide_their_size) {
  const int directory = ::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(directory, 0);
  const int root = ::dup(directory);
  {
    WalkTerms terms;
    TreeWalk walk(root, uring::Fd(directory), ".", terms);
    ArchiveStream made(ArchiveFormat::tar, std::move(walk), nullptr, nullptr);
    std::string all;
    for (int i = 0; i < 100 && made.state() == State::more; ++i) {
      made.run();
      all += made.made();
    }
    EXPECT_NE(made.state(), State::failed);
    EXPECT_NE(all.find("task/"), std::string::npos) << "directories are there";
    EXPECT_EQ(all.find("status"), std::string::npos) << "an empty entry would be a wrong one";
  }
  ::close(root);
}

TEST(Archives, are_counted_up_to_their_limit) {
  Archives archives;
  EXPECT_TRUE(archives.enter(2));
  EXPECT_TRUE(archives.enter(2));
  EXPECT_FALSE(archives.enter(2));
  archives.leave();
  EXPECT_TRUE(archives.enter(2));
  EXPECT_EQ(archives.running(), 2U);
  archives.leave();
  archives.leave();
}

}  // namespace
}  // namespace server
