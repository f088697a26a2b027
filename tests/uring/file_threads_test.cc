// FileThreads: every queued operation is executed once, by at most so many threads.
#include "uring/file_threads.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "tests/uring/threads.h"

namespace uring {
namespace {

class ThreadPools : public ::testing::Test {
 protected:
  // Writes one byte at `number`.
  Operation write_at(std::uint64_t number) const {
    Operation operation(OpCode::write);
    operation.fd = file.get();
    operation.address = "x";
    operation.length = 1;
    operation.offset = number;
    return operation;
  }
  bool is_signalled() const {
    pollfd ready{.fd = event.get(), .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, 0) == 1;
  }
  // Takes completions until there are `count`.
  std::vector<Completion> take(FileThreads& threads, std::size_t count) const {
    std::vector<Completion> all;
    Fifo<Completion> done;
    while (all.size() < count) {
      eventfd_t signals = 0;
      EXPECT_EQ(::eventfd_read(event.get(), &signals), 0);  // waits
      threads.take(done);
      while (!done.empty()) all.push_back(done.pop());
    }
    return all;
  }

  lab::Folder folder;
  Fd file{::openat(folder.fd(), "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  Fd event{::eventfd(0, EFD_CLOEXEC)};
};

TEST_F(ThreadPools, ExecuteEachOperationOnceByAtMostSoManyThreads) {
  constexpr std::size_t count = 300;
  const std::size_t before = lab::threads_of_process();
  FileThreads threads(3, event.get());
  EXPECT_EQ(threads.most(), 3U);
  EXPECT_LE(lab::threads_of_process(), before) << "no thread without work";
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < count; ++i) operations.push_back(write_at(i));
  for (Operation& operation : operations) threads.give(operation);
  EXPECT_LE(lab::threads_of_process(), before + 3);
  const std::vector<Completion> all = take(threads, count);
  std::vector<bool> completed(count);
  for (const Completion& completion : all) {
    EXPECT_EQ(completion.result.value, 1);
    const auto index =
        static_cast<std::size_t>(&operation_of(*completion.flight) - operations.data());
    ASSERT_LT(index, count);
    EXPECT_FALSE(completed[index]);
    completed[index] = true;
  }
  EXPECT_EQ(folder.get("file"), std::string(count, 'x'));
}

TEST_F(ThreadPools, ReportTheErrorOfAnOperation) {
  FileThreads threads(1, event.get());
  Operation operation = write_at(0);
  operation.fd = -1;
  threads.give(operation);
  EXPECT_EQ(take(threads, 1).front().result.value, -EBADF);
}

TEST_F(ThreadPools, WithoutThreadsExecuteAnOperationBeforeGiveReturns) {
  const std::size_t before = lab::threads_of_process();
  FileThreads threads(0, event.get());
  Operation operation = write_at(0);
  threads.give(operation);
  EXPECT_EQ(folder.get("file"), "x");
  EXPECT_TRUE(is_signalled());
  EXPECT_LE(lab::threads_of_process(), before);
  EXPECT_EQ(take(threads, 1).front().flight, &operation);
}

TEST_F(ThreadPools, ExecuteTheirQueueBeforeTheyEnd) {
  constexpr std::size_t count = 100;
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < count; ++i) operations.push_back(write_at(i));
  {
    FileThreads threads(1, event.get());
    for (Operation& operation : operations) threads.give(operation);
  }
  EXPECT_EQ(folder.get("file"), std::string(count, 'x'));
}

// The signal mask of a thread is the line SigBlk of its status, in hexadecimal.
TEST_F(ThreadPools, BlockSignalsInTheirThreads) {
  lab::start_first_thread();
  std::vector<std::filesystem::path> before;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    before.push_back(task.path());
  }
  FileThreads threads(1, event.get());
  Operation operation = write_at(0);
  threads.give(operation);
  take(threads, 1);
  int checked = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (std::find(before.begin(), before.end(), task.path()) != before.end()) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("SigBlk:", 0) != 0) continue;
      const std::uint64_t mask = std::stoull(line.substr(7), nullptr, 16);
      for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        EXPECT_NE(mask >> (signal - 1) & 1, 0U) << signal;
      }
      ++checked;
    }
  }
  EXPECT_EQ(checked, 1);
}

}  // namespace
}  // namespace uring
